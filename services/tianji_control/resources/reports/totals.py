"""`/global/spend` and what is below it: the last 30 days, and all that ever was."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji_control.call import Call, Guarded
from tianji_control.resources.activity import store as activity
from tianji_control.resources.keys.service import hash_given
from tianji_control.resources.reports import store
from tianji_control.resources.reports.answers import (
    CustomerNames,
    CustomerSpend,
    DaySpend,
    KeySpend,
    ModelSpend,
    ProviderSpend,
    Refreshed,
    TeamsSpend,
    Total,
)
from tianji_control.resources.reports.store import TeamDay
from tianji_control.resources.spend.sights import seen
from tianji_control.resources.spend.spans import RECENT, Days, days, days_or_recent, recent

MOST = 10_000
MOST_TEAMS = 10
MOST_CUSTOMERS = 100
NO_TEAM = "Unassigned"


class OneKey(Struct, kw_only=True):
    """The query of `/global/spend/logs`."""

    api_key: str | None = None


class Top(Struct, kw_only=True):
    """The query of `/global/spend/keys`."""

    limit: int | None = None


class TopModels(Struct, kw_only=True):
    """The query of `/global/spend/models`; the last 30 days unless named."""

    limit: int = 10
    start_date: str | None = None
    end_date: str | None = None


class Span(Struct, kw_only=True):
    """A span that must be named."""

    start_date: str | None = None
    end_date: str | None = None


class Customers(Struct, kw_only=True):
    """The body of `/global/spend/end_users`: days count in full."""

    api_key: str | None = None
    startTime: datetime | None = None
    endTime: datetime | None = None


async def everything(call: Call) -> Response:
    """GET /global/spend: all that was ever spent, or what was in a span."""
    ask = call.query(Span)
    async with call.runtime.store.connection() as db:
        if ask.start_date or ask.end_date:
            rows = await store.by_day(db, days(ask.start_date, ask.end_date))
            spent = sum((row.spend_usd for row in rows), Decimal(0))
        else:
            spent = await store.total(db)
    return call.answer({"spend": float(spent), "max_budget": 0.0})


async def by_day(call: Call) -> Response:
    """GET /global/spend/logs: the last 30 days, of all or of one key."""
    ask, caller = call.query(OneKey), seen(call)
    key = hash_given(ask.api_key) if ask.api_key else None
    async with call.runtime.store.connection() as db:
        if caller.sees_all:
            scope = ("key", key) if key else ("total", "")
            rows = await store.by_day(db, recent(), *scope)
            more = {"api_key": key} if key else {}
            return call.answer([{"date": row.day, "spend": float(row.spend_usd), **more} for row in rows])
        own = await store.by_key_and_day(db, recent(), caller, key)
    return call.answer(
        [
            {
                "date": row.day,
                "spend": float(row.spend_usd),
                "api_key": row.key_hash,
                "user": row.user_id,
            }
            for row in own
        ]
    )


async def keys(call: Call) -> Response:
    """GET /global/spend/keys: the keys that spent most in the last 30 days."""
    ask = call.query(Top)
    _check(ask.limit)
    async with call.runtime.store.connection() as db:
        rows = await store.keys(db, recent(), seen(call), ask.limit or MOST)
        facts = await activity.facts_of_keys(db, {row.name for row in rows})
    shown = []
    for row in rows:
        known = facts.get(row.name)
        names = {"key_alias": known.alias if known else None, "key_name": known.name if known else None}
        shown.append({"api_key": row.name, **names, "total_spend": float(row.spend_usd)})
    return call.answer(shown)


async def models(call: Call) -> Response:
    """GET /global/spend/models: the models that most was spent on."""
    ask = call.query(TopModels)
    _check(ask.limit)
    span = days_or_recent(ask.start_date, ask.end_date)
    async with call.runtime.store.connection() as db:
        rows = await store.things(db, "upstream", span, seen(call), limit=ask.limit)
    return call.answer(
        [{"model": row.name, "total_spend": float(row.spend_usd), "total_tokens": row.tokens} for row in rows]
    )


async def providers(call: Call) -> Response:
    """GET /global/spend/provider: what was spent by provider."""
    ask = call.query(Span)
    async with call.runtime.store.connection() as db:
        rows = await store.things(db, "provider", days(ask.start_date, ask.end_date), seen(call))
    return call.answer([{"provider": row.name, "spend": float(row.spend_usd)} for row in rows])


async def teams(call: Call) -> Response:
    """GET /global/spend/teams: the last 30 days of all teams."""
    async with call.runtime.store.connection() as db:
        rows = await store.teams_by_day(db, recent())
        whole = {row.day: row.spend_usd for row in await store.by_day(db, recent())}
    rows += _of_no_team(rows, whole)
    by_day: dict[date, dict[str, Decimal]] = {}
    totals: dict[str, Decimal] = {}
    for row in sorted(rows, key=lambda row: row.day):
        # Teams may have the same name, and days too little spend to be rounded one by one.
        for sums in (by_day.setdefault(row.day, {}), totals):
            sums[row.name] = sums.get(row.name, Decimal(0)) + row.spend_usd
    ordered = sorted(totals.items(), key=lambda one: one[1], reverse=True)[:MOST_TEAMS]
    return call.answer(
        {
            "daily_spend": [
                {"date": day, **{name: _cents(spent) for name, spent in sums.items()}}
                for day, sums in by_day.items()
            ],
            "teams": list(totals),
            "total_spend_per_team": [
                {"team_id": name, "total_spend": _cents(spent)} for name, spent in ordered
            ],
        }
    )


async def customers(call: Call) -> Response:
    """POST /global/spend/end_users: the customers that spent most."""
    ask = await call.body(Customers)
    span = recent()
    until = ask.endTime.date() if ask.endTime else span.until
    since = ask.startTime.date() if ask.startTime else until - RECENT
    key = hash_given(ask.api_key) if ask.api_key else None
    return await _customers(call, Days(since, until), key)


async def customers_of_span(call: Call) -> Response:
    """GET /global/spend/end_users: the same by a query."""
    ask = call.query(Span)
    return await _customers(call, days_or_recent(ask.start_date, ask.end_date), None)


async def all_customers(call: Call) -> Response:
    """GET /global/all_end_users: every customer that the ledger names."""
    async with call.runtime.store.connection() as db:
        rows = await store.ever(db, "end_user", MOST)
    return call.answer({"end_users": [row.name for row in rows]})


async def refresh(call: Call) -> Response:
    """POST /global/spend/refresh: sums are as new as the rows they are of, so there is nothing to do."""
    return call.answer({"message": "Sums are kept with every row; none was old", "status": "success"})


async def _customers(call: Call, span: Days, key: str | None) -> Response:
    async with call.runtime.store.connection() as db:
        rows = await store.customers(db, span, key, MOST_CUSTOMERS)
    return call.answer(
        [
            {"end_user": row.name, "total_count": row.requests, "total_spend": float(row.spend_usd)}
            for row in rows
        ]
    )


def _of_no_team(rows: list[TeamDay], whole: dict[date, Decimal]) -> list[TeamDay]:
    """Return what is left of each day: a call has one team or none."""
    left = dict(whole)
    for row in rows:
        left[row.day] = left.get(row.day, Decimal(0)) - row.spend_usd
    return [TeamDay(day=day, name=NO_TEAM, spend_usd=spent) for day, spent in left.items() if spent > 0]


def _cents(spent: Decimal) -> float:
    return round(float(spent), 2)


def _check(limit: int | None) -> None:
    if limit is not None and not 1 <= limit <= MOST:
        raise BadRequest(f"limit: 1 to {MOST}", param="limit", status=422)


_CUSTOMERS = list[CustomerSpend]

routes = [
    Guarded("GET", "/global/spend", everything, "ledger:read", query=Span, gives=Total),
    Guarded("GET", "/global/spend/logs", by_day, "spend:read", query=OneKey, gives=list[DaySpend]),
    Guarded("GET", "/global/spend/keys", keys, "spend:read", query=Top, gives=list[KeySpend]),
    Guarded("GET", "/global/spend/models", models, "spend:read", query=TopModels, gives=list[ModelSpend]),
    Guarded("GET", "/global/spend/provider", providers, "spend:read", query=Span, gives=list[ProviderSpend]),
    Guarded("GET", "/global/spend/teams", teams, "ledger:read", gives=TeamsSpend),
    Guarded("POST", "/global/spend/end_users", customers, "ledger:read", body=Customers, gives=_CUSTOMERS),
    Guarded("GET", "/global/spend/end_users", customers_of_span, "ledger:read", query=Span, gives=_CUSTOMERS),
    Guarded("GET", "/global/all_end_users", all_customers, "ledger:read", gives=CustomerNames),
    Guarded("POST", "/global/spend/refresh", refresh, "ledger:update", gives=Refreshed),
]
