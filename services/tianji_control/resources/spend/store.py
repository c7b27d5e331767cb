"""The ledger, as rows to be read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, value
from tianji_control.resources.spend.reconcile import Figures

Q = Queries.beside(__file__)


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


class DaySum(Struct, frozen=True, kw_only=True):
    """What one key, user and model spent on a day."""

    day: date
    key_hash: str
    user_id: str
    model: str
    spend_usd: Decimal


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
    model: str | None = None
    model_id: str | None = None
    model_group: str | None = None
    key_alias: str | None = None
    succeeded: bool | None = None
    http_status: int | None = None
    min_spend: float | None = None
    max_spend: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    sees_all: bool = False
    own_key: str | None = None
    own_user: str | None = None
    own_teams: list[str] = []
    own_organizations: list[str] = []


class Order(Struct, frozen=True, kw_only=True):
    """In which order, and which part; no `sort` means the latest first."""

    limit: int
    offset: int = 0
    sort: str = ""
    descending: bool = True


async def logs(db: Connection, wanted: Wanted, order: Order) -> list[LogRow]:
    """Return the rows that are asked for."""
    return await many(db, Q.logs, LogRow, **_values(wanted), **_values(order))


async def count(db: Connection, wanted: Wanted) -> int:
    """Return how many rows are asked for."""
    return await value(db, Q.count_logs, int, **_values(wanted)) or 0


async def days(db: Connection, wanted: Wanted) -> list[DaySum]:
    """Return sums by day; `since` and `until` must be set."""
    return await many(db, Q.days, DaySum, **_values(wanted))


async def figures(db: Connection, hour: datetime) -> list[Figures]:
    """Return what gateways counted and what was written of the calls of one hour, by gateway process."""
    low, high = (_first_id(moment) for moment in (hour, hour + timedelta(hours=1)))
    return await many(db, Q.figures, Figures, hour=hour, day=hour.date(), low=low, high=high)


def _first_id(moment: datetime) -> UUID:
    """Return what every UUIDv7 made from this moment on is greater than."""
    return UUID(int=round(moment.timestamp() * 1000) << 80)


def _values(given: Struct) -> dict[str, Any]:
    return {name: getattr(given, name) for name in given.__struct_fields__}
