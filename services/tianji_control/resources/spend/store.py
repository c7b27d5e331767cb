"""The ledger, as rows to be read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, value
from tianji_control.resources.spend.reconcile import Figures

Q = Queries.beside(__file__)

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""The ends of a span that is not named."""
_DAY = timedelta(days=1)


class LogRow(Struct, frozen=True, kw_only=True):
    """One row of `spend_logs`."""

    id: UUID
    gateway_id: str
    snapshot: int
    status: str
    http_status: int
    error_type: str | None
    error_message: str | None
    started_at: datetime
    first_token_at: datetime | None
    ended_at: datetime
    route: str
    call_type: str
    stream: bool
    client_gone: bool
    attempts: int
    response_id: str
    model: str
    model_group: str
    deployment_id: str
    provider: str
    upstream_model: str
    api_base: str
    key_hash: str
    key_alias: str | None
    user_id: str | None
    team_id: str | None
    team_alias: str | None
    organization_id: str | None
    end_user: str | None
    agent_id: str | None
    client_ip: str | None
    user_agent: str | None
    session_id: str | None
    tags: list[str]
    metadata: dict[str, Any]
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int
    reasoning_tokens: int
    input_audio_tokens: int
    output_audio_tokens: int
    web_searches: int
    usage_estimated: bool
    cost_usd: Decimal
    cost_parts: dict[str, str]
    price_version: str
    priced: bool
    finish: str | None
    written_at: datetime


class BodiesRow(Struct, frozen=True, kw_only=True):
    """What was asked and answered in a call."""

    id: UUID
    asked: str
    answered: str
    cut: bool


class DaySum(Struct, frozen=True, kw_only=True):
    """What was spent on a day, and what of it by each key, user and on each model."""

    day: date
    spend_usd: Decimal
    keys: dict[str, float]
    users: dict[str, float]
    models: dict[str, float]


class Wanted(Struct, frozen=True, kw_only=True):
    """Which rows are asked for, and by whom; None where it does not matter."""

    key_hash: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    end_user: str | None = None
    request_id: str | None = None
    """The id of the answer, or of the call: then `call_id` says it too."""
    call_id: UUID | None = None
    session_id: str | None = None
    tag: str | None = None
    model: str | None = None
    model_id: str | None = None
    model_group: str | None = None
    key_alias: str | None = None
    status: str | None = None
    """`success`, `interrupted`, or `failure` for all that did not succeed."""
    http_status: int | None = None
    error_message: str | None = None
    min_spend: float | None = None
    max_spend: float | None = None
    search: str | None = None
    """What one of a row's ids is; if it is the call's, then `call_id` says it too."""
    search_kinds: list[str] = []
    """Whose id it may be beside; `settled` says it."""
    days: list[date] | None = None
    """The only days that such calls are of, where that is known."""
    since: datetime = EARLIEST
    until: datetime = LATEST
    sees_all: bool = False
    own_key: str | None = None
    own_user: str | None = None
    own_teams: list[str] = []
    own_organizations: list[str] = []


class Order(Struct, frozen=True, kw_only=True):
    """In which order, and which part; no `sort` means by time."""

    limit: int
    offset: int = 0
    sort: str = ""
    descending: bool = True
    after: tuple[datetime, UUID] | None = None
    """The row that the part begins behind; by time only."""


class Session(Struct, frozen=True, kw_only=True):
    """What a session had in all, with one key."""

    session_id: str
    key_hash: str
    calls: int
    spend_usd: Decimal
    input_tokens: int
    output_tokens: int
    models: list[str]


async def settled(db: Connection, wanted: Wanted) -> Wanted:
    """Find out what sums can tell of the rows that are asked for, so that none is looked at in vain."""
    if wanted.search is not None:
        kinds = await many(db, Q.kinds_of_id, dict[str, str], search=wanted.search)
        wanted = replace(wanted, search_kinds=[row["id"] for row in kinds])
    if wanted.tag is not None:
        found = await many(db, Q.days_of_tag, dict[str, date], tag=wanted.tag, **_day_bounds(wanted))
        wanted = replace(wanted, days=[row["day"] for row in found])
    return wanted


async def logs(db: Connection, wanted: Wanted, order: Order) -> list[LogRow]:
    """Return the rows that are asked for."""
    part = {"limit": order.limit, "offset": order.offset}
    if order.sort:
        by = {"sort": order.sort, "descending": order.descending}
        return await many(db, Q.sorted_logs, LogRow, **_bounded(wanted), **part, **by)
    query = Q.latest if order.descending else Q.earliest
    time, id = order.after or (None, None)
    return await many(db, query, LogRow, **_bounded(wanted), **part, after_time=time, after_id=id)


async def count(db: Connection, wanted: Wanted, limit: int) -> int:
    """Return how many rows are asked for, up to a limit."""
    return await value(db, Q.count_logs, int, **_bounded(wanted), limit=limit, offset=0) or 0


async def days(db: Connection, wanted: Wanted) -> list[DaySum]:
    """Return sums by whole days."""
    last = (wanted.until - timedelta(microseconds=1)).date()
    return await many(db, Q.days, DaySum, **(_values(wanted) | {"since": wanted.since.date(), "until": last}))


async def sessions(db: Connection, ids: list[str], keys: list[str]) -> list[Session]:
    """Return what sessions had in all."""
    return await many(db, Q.sessions, Session, sessions=ids, keys=keys) if ids else []


async def bodies(db: Connection, rows: Sequence[LogRow]) -> dict[UUID, BodiesRow]:
    """Return what was kept of these calls; those of which nothing was are left out."""
    if not rows:
        return {}
    days = {_day_of(row.id) for row in rows}
    query = Q.bodies
    given = {"ids": [row.id for row in rows], "first": min(days), "last": max(days)}
    return {row.id: row for row in await many(db, query, BodiesRow, **given)}


async def figures(db: Connection, hour: datetime) -> list[Figures]:
    """Return what gateways counted and what was written of the calls of one hour, by gateway process."""
    low, high = (_first_id(moment) for moment in (hour, hour + timedelta(hours=1)))
    return await many(db, Q.figures, Figures, hour=hour, day=hour.date(), low=low, high=high)


def like(text: str | None) -> str | None:
    """Return the pattern of what has this text in it."""
    if not text:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _day_of(id: UUID) -> date:
    return datetime.fromtimestamp((id.int >> 80) / 1000, UTC).date()


def _first_id(moment: datetime) -> UUID:
    """Return what every UUIDv7 made from this moment on is greater than."""
    return UUID(int=round(moment.timestamp() * 1000) << 80)


def _bounded(wanted: Wanted) -> dict[str, Any]:
    return _values(wanted) | _day_bounds(wanted)


def _day_bounds(wanted: Wanted) -> dict[str, date]:
    return {
        "first_day": max(wanted.since, EARLIEST + _DAY).date() - _DAY,
        "last_day": min(wanted.until, LATEST - _DAY).date() + _DAY,
    }


def _values(given: Struct) -> dict[str, Any]:
    return {name: getattr(given, name) for name in given.__struct_fields__}
