"""Counts of calls and failures, as rows."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from tianji.store.rows import Connection, many
from tianji_control.resources.activity.store import Id, Q
from tianji_control.resources.spend.sights import Seen, values
from tianji_control.resources.spend.spans import Days


class Count(Struct, frozen=True, kw_only=True):
    """Calls of one day, model group and kind."""

    day: date
    model: str
    call_type: str
    requests: int
    successful_requests: int
    failed_requests: int
    input_tokens: int
    output_tokens: int


class Failure(Struct, frozen=True, kw_only=True):
    """Calls of one kind that failed in one way."""

    call_type: str
    http_status: int
    error_type: str
    requests: int


class Refused(Struct, frozen=True, kw_only=True):
    """Calls of one day that one address refused, for there were too many."""

    day: date
    api_base: str
    requests: int


class Status(Struct, frozen=True, kw_only=True):
    """Calls of one day that failed with one status."""

    day: date
    http_status: int
    requests: int


class Failing(Struct, frozen=True, kw_only=True):
    """Somebody whose calls fail."""

    id: str
    requests: int
    failed_requests: int


class Worst(Struct, frozen=True, kw_only=True):
    """The status that somebody's calls fail with most."""

    id: str
    http_status: int
    requests: int


class Chosen(Struct, frozen=True, kw_only=True):
    """Keys and models that counts are cut down to; None for all."""

    keys: list[str] | None = None
    models: list[str] | None = None


ALL = Chosen()


async def activity(db: Connection, days: Days, seen: Seen, chosen: Chosen = ALL) -> list[Count]:
    """Return the calls that a caller may see."""
    if seen.sees_all and chosen == ALL:
        return await many(db, Q.activity, Count, **values(days))
    return await many(db, Q.seen_activity, Count, **values(days), **values(seen), **values(chosen))


async def failures(db: Connection, days: Days, seen: Seen, chosen: Chosen) -> list[Failure]:
    """Return how the calls that a caller may see failed."""
    return await many(db, Q.failures, Failure, **values(days), **values(seen), **values(chosen))


async def key_aliases(db: Connection, days: Days, seen: Seen, limit: int) -> list[str]:
    """Return the aliases of keys that a caller may see calls of."""
    found = await many(db, Q.seen_keys, Id, **values(days), **values(seen), limit=limit)
    return [row.id for row in found]


async def keys_by_alias(db: Connection, aliases: list[str]) -> list[str]:
    """Return keys by their aliases."""
    return [row.id for row in await many(db, Q.keys_by_alias, Id, aliases=aliases)]


async def rate_limited(db: Connection, days: Days, model: str) -> list[Refused]:
    """Return the calls of a model group that were refused for being too many."""
    return await many(db, Q.rate_limited, Refused, **values(days), model=model)


async def statuses(db: Connection, days: Days) -> list[Status]:
    """Return failures by day and status."""
    return await many(db, Q.statuses, Status, **values(days))


async def failing(db: Connection, days: Days, scope: str, limit: int) -> list[Failing]:
    """Return whose calls fail most: of keys, teams, users or models."""
    if scope == "model":
        return await many(db, Q.failing_models, Failing, **values(days), limit=limit)
    if scope == "key":
        return await many(db, Q.failing_keys, Failing, **values(days), limit=limit)
    return await many(db, Q.failing, Failing, **values(days), scope=scope, limit=limit)


async def worst(db: Connection, days: Days, scope: str, ids: list[str]) -> dict[str, Worst]:
    """Return the status that each of them fails with most."""
    found = await many(db, Q.worst_statuses, Worst, **values(days), scope=scope, ids=ids)
    return {row.id: row for row in found}
