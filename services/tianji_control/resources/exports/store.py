"""What was charged, as rows, and the services that are told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import Struct

from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, parameters, run, value
from tianji_control.resources.spend.spans import Days

Q = Queries.beside(__file__)


class Charge(Struct, frozen=True, kw_only=True):
    """What calls of one key, model and kind cost on a day."""

    day: date
    key_hash: str
    key_alias: str | None
    user_id: str
    user_email: str | None
    team_id: str
    team_alias: str | None
    organization_id: str
    organization_alias: str | None
    model: str
    upstream_model: str
    provider: str
    call_type: str
    spend_usd: Decimal
    requests: int
    successful_requests: int
    failed_requests: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int


class Receiver(Struct, frozen=True):
    """A service that charges are sent to, with what was said of it; secrets are sealed."""

    name: str
    said: dict[str, str]


async def charges(db: Connection, days: Days, limit: int | None = None) -> list[Charge]:
    """Return the charges of some days, the latest first."""
    return await many(db, Q.charges, Charge, since=days.since, until=days.until, limit=limit)


async def all_days(db: Connection) -> Days:
    """Return the days from the first charge on."""
    today = datetime.now(UTC).date()
    return Days(await value(db, Q.first_day, date) or today, today)


async def receiver(db: Connection, name: str) -> Receiver | None:
    """Return a service, if it was set up."""
    return await one(db, Q.receiver, Receiver, name=name)


async def put(db: Connection, receiver: Receiver, by: str) -> None:
    """Set a service up, or anew."""
    await run(db, Q.put_receiver, **parameters(receiver), by=by)


async def drop(db: Connection, name: str) -> None:
    """Forget a service."""
    await run(db, Q.drop_receiver, name=name)
