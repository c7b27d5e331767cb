"""`/vantage`: charges as FOCUS, uploaded to Vantage as costs of a custom provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import quote

import aiohttp
from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.resources.exports import files, focus, receivers, sending
from tianji_control.resources.exports.receivers import Service
from tianji_control.resources.exports.sending import Sent
from tianji_control.resources.exports.store import Charge

MOST_ROWS = 10_000
MOST_BYTES = 2_000_000
"""What one upload may hold."""
LEFT_OUT = frozenset(
    {
        *("BillingAccountType", "BillingPeriodEnd", "BillingPeriodStart", "ChargeClass", "InvoiceIssuerName"),
        *("PricingCategory", "PricingCurrency", "PricingQuantity", "PricingUnit", "ProviderName"),
        *("PublisherName", "SubAccountType", *focus.TOKENS),
    }
)
"""Columns that Vantage does not take."""
COLUMNS = tuple(name for name in focus.COLUMNS if name not in LEFT_OUT)


class Init(Struct, kw_only=True):
    """The body of `/vantage/init`."""

    api_key: str
    integration_token: str
    base_url: str = "https://api.vantage.sh"


class Update(Struct, kw_only=True):
    """The body of `PUT /vantage/settings`."""

    api_key: str | None = None
    integration_token: str | None = None
    base_url: str | None = None


class View(TypedDict):
    """What was said of Vantage."""

    api_key_masked: str | None
    integration_token_masked: str | None
    base_url: str | None
    status: str | None


class DryRun(Struct, kw_only=True):
    """The body of `/vantage/dry-run`."""

    limit: int | None = 500


class Export(Struct, kw_only=True):
    """The body of `/vantage/export`: whole days of UTC, all unless named."""

    limit: int | None = None
    start_time_utc: datetime | None = None
    end_time_utc: datetime | None = None


SERVICE = Service(
    name="vantage",
    title="Vantage",
    secrets=("api_key", "integration_token"),
    init=Init,
    update=Update,
    view=View,
)


async def dry_run(call: Call) -> Response:
    """POST /vantage/dry-run: what would be sent."""
    ask = await call.body(DryRun)
    charges = await sending.latest(call.runtime.store, sending.most(ask.limit))
    summary = {
        "total_records": len(charges),
        "total_spend": float(sum(one.spend_usd for one in charges)),
        "total_tokens": float(sum(one.input_tokens + one.output_tokens for one in charges)),
        "unique_teams": len({one.team_id for one in charges if one.team_id}),
        "unique_models": len({one.upstream_model for one in charges}),
    }
    shown = {
        "usage_data": sending.usage(charges),
        "normalized_data": [_plain(one) for one in charges[: sending.SAMPLE]],
        "summary": summary,
    }
    return call.answer(sending.shown(SERVICE.title, shown))


async def export(call: Call) -> Response:
    """POST /vantage/export: send charges, in as many files as it takes."""
    ask = await call.body(Export)
    days = sending.span(ask.start_time_utc, ask.end_time_utc)
    said = await receivers.opened(call, SERVICE)
    token = quote(said["integration_token"], safe="")
    url = f"{said['base_url'].rstrip('/')}/v2/integrations/{token}/costs.csv"
    sent = 0
    async for number, rows, content in _uploads(
        sending.by_day(call.runtime.store, days, sending.most(ask.limit))
    ):
        form = aiohttp.FormData()
        form.add_field("csv", content, filename=f"focus.part{number}.csv", content_type="text/csv")
        await sending.post(url, said["api_key"], data=form)
        sent += rows
    return call.answer(sending.sent(SERVICE.title, sent))


async def _uploads(days: AsyncIterator[list[Charge]]) -> AsyncIterator[tuple[int, int, bytes]]:
    """Give the files to upload: a number, how many rows it has, and its bytes."""
    header = files.lines([COLUMNS])
    number, rows, held = 0, 0, [header]
    async for charges in days:
        for line in _lines(charges):
            if rows == MOST_ROWS or sum(map(len, held)) + len(line) > MOST_BYTES:
                yield number, rows, b"".join(held)
                number, rows, held = number + 1, 0, [header]
            rows, held = rows + 1, [*held, line]
    if rows:
        yield number, rows, b"".join(held)


def _lines(charges: Iterable[Charge]) -> Iterable[bytes]:
    for charge in charges:
        row = focus.row(charge)
        yield files.lines([[files.text(row[name]) for name in COLUMNS]])


def _plain(charge: Charge) -> dict[str, Any]:
    """Return a FOCUS row as JSON has it."""
    row = focus.row(charge)
    numbers = {name: float(row[name]) for name in (*focus.MONEY, *focus.QUANTITIES)}
    return {name: files.text(value) for name, value in row.items()} | numbers


routes = [
    *receivers.routes(SERVICE),
    Guarded("POST", "/vantage/dry-run", dry_run, "ledger:update", body=DryRun, gives=Sent),
    Guarded(
        "POST", "/vantage/export", export, "ledger:update", body=Export, gives=Sent, refuses=(400, 404, 502)
    ),
]
