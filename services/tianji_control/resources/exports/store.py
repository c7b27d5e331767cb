"""What was charged on a day, as rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from tianji.store.queries import Queries
from tianji.store.rows import Connection, many

Q = Queries.beside(__file__)


class Charge(Struct, frozen=True, kw_only=True):
    """What calls of one key, model and kind cost on a day."""

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
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int


async def charges(db: Connection, day: date) -> list[Charge]:
    """Return one day's charges."""
    return await many(db, Q.charges, Charge, day=day)
