"""`/spend/capture_rate`: what the ledger has of a provider beside what the provider bills, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypedDict

import aiohttp
import msgspec
from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest, TianjiError
from tianji_control.call import Call, Guarded
from tianji_control.resources.reports import store
from tianji_control.resources.spend.spans import Days, days

PROVIDERS = ("openai",)
PATIENCE_S = 30.0
MOST_DAYS = 180
MOST_PAGES = 100


class Rate(Struct, kw_only=True):
    """The query of `/spend/capture_rate`."""

    start_date: str
    end_date: str
    provider: str = "openai"
    threshold: float = 0.9
    project_ids: list[str] = []


class DayRate(TypedDict):
    """A day; no rate where nothing was billed."""

    date: str
    captured_spend: float
    provider_spend: float
    capture_rate: float | None


class Rates(TypedDict):
    """All days, and each."""

    provider: str
    start_date: str
    end_date: str
    captured_spend: float
    provider_spend: float
    capture_rate: float | None
    threshold: float
    below_threshold: bool
    days: list[DayRate]


class _Amount(Struct):
    value: float | str
    currency: str


class _Result(Struct):
    amount: _Amount


class _Bucket(Struct):
    start_time: int
    results: list[_Result] = []


class _Page(Struct):
    data: list[_Bucket]
    has_more: bool = False
    next_page: str | None = None


class NoKey(TianjiError):
    """Nobody has said with which key bills are read."""

    status = 503
    type = "service_unavailable"


class NoBill(TianjiError):
    """The provider did not tell its bill."""

    status = 502
    type = "bad_gateway"


_pages = msgspec.json.Decoder(_Page)


async def capture_rate(call: Call) -> Response:
    """GET /spend/capture_rate: how much of a provider's bill the ledger has."""
    ask = call.query(Rate)
    span = days(ask.start_date, ask.end_date)
    if ask.provider not in PROVIDERS or not 0 < ask.threshold <= 1:
        raise BadRequest("provider is openai; threshold is above 0, at most 1", param="provider", status=422)
    if span.until - span.since >= timedelta(days=MOST_DAYS):
        raise BadRequest(f"Date range too large; maximum is {MOST_DAYS} days", param="start_date")
    billed = await _billed(call, span, ask.project_ids)
    async with call.runtime.store.connection() as db:
        captured = {row.day: row.spend_usd for row in await store.provider_days(db, span, ask.provider)}
    found = [span.since + timedelta(days=n) for n in range((span.until - span.since).days + 1)]
    whole, bill = sum(captured.values(), Decimal(0)), sum(billed.get(day, Decimal(0)) for day in found)
    rate = _rate(whole, Decimal(bill))
    return call.answer(
        {
            "provider": ask.provider,
            "start_date": str(span.since),
            "end_date": str(span.until),
            "captured_spend": float(whole),
            "provider_spend": float(bill),
            "capture_rate": rate,
            "threshold": ask.threshold,
            "below_threshold": rate is not None and rate < ask.threshold,
            "days": [_day(day, captured.get(day, Decimal(0)), billed.get(day, Decimal(0))) for day in found],
        }
    )


async def _billed(call: Call, span: Days, projects: Sequence[str]) -> dict[date, Decimal]:
    """Read the bill, page by page. Raises NoKey and NoBill."""
    settings = call.runtime.settings
    if settings.openai_admin_key is None:
        raise NoKey("OPENAI_ADMIN_KEY is not set on the control plane, so the openai bill cannot be read")
    wanted: list[tuple[str, str]] = [
        ("start_time", str(_midnight(span.since))),
        ("end_time", str(_midnight(span.until + timedelta(days=1)))),
        ("bucket_width", "1d"),
        ("limit", str(MOST_DAYS)),
        *(("project_ids[]", project) for project in projects),
    ]
    headers = {"Authorization": f"Bearer {settings.openai_admin_key.reveal()}"}
    sums: dict[date, Decimal] = {}
    page: str | None = None
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=PATIENCE_S), trust_env=True, headers=headers
    ) as session:
        for _ in range(MOST_PAGES):
            told = await _ask(
                session, settings.openai_costs_url, [*wanted, *([("page", page)] if page else [])]
            )
            for bucket in told.data:
                day = _day_of(bucket)
                sums[day] = sums.get(day, Decimal(0)) + sum(map(_usd, bucket.results), Decimal(0))
            page = told.next_page
            if not told.has_more or page is None:
                break
    return sums


async def _ask(session: aiohttp.ClientSession, url: str, wanted: list[tuple[str, str]]) -> _Page:
    try:
        async with session.get(url, params=wanted, allow_redirects=False) as answer:
            raw = await answer.read()
            if answer.status != 200:
                raise _unread(f"HTTP {answer.status}: {raw[:300].decode(errors='replace')}")
            return _pages.decode(raw)
    except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
        raise _unread(f"request failed: {type(fault).__name__}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _unread(f"unexpected response shape: {fault}") from None


def _day_of(bucket: _Bucket) -> date:
    try:
        return datetime.fromtimestamp(bucket.start_time, UTC).date()
    except (ValueError, OverflowError, OSError):
        raise _unread("unexpected response shape: a day is out of range") from None


def _usd(result: _Result) -> Decimal:
    try:
        amount = Decimal(str(result.amount.value))
    except InvalidOperation:
        raise _unread("unexpected response shape: an amount is no number") from None
    if result.amount.currency.lower() != "usd" or not amount.is_finite():
        raise _unread("unexpected response shape: an amount is not in US dollars")
    return amount


def _day(day: date, captured: Decimal, billed: Decimal) -> DayRate:
    return {
        "date": str(day),
        "captured_spend": float(captured),
        "provider_spend": float(billed),
        "capture_rate": _rate(captured, billed),
    }


def _rate(captured: Decimal, billed: Decimal) -> float | None:
    return float(captured / billed) if billed > 0 else None


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _unread(reason: str) -> NoBill:
    return NoBill(f"Could not read the openai bill: {reason}")


routes = [
    # 503 without a key to read bills with, 502 where the provider does not tell its bill.
    Guarded(
        "GET",
        "/spend/capture_rate",
        capture_rate,
        "ledger:read",
        query=Rate,
        gives=Rates,
        refuses=(400, 502, 503),
    )
]
