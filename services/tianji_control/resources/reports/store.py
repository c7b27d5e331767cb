"""Sums of spend, as rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, value
from tianji_control.resources.spend.sights import Seen, values
from tianji_control.resources.spend.spans import Days

Q = Queries.beside(__file__)


_NAMES = {
    ("user", True): Q.user_names,
    ("user", False): Q.seen_user_names,
    ("end_user", True): Q.customer_names,
    ("end_user", False): Q.seen_customer_names,
}


class Sum(Struct, frozen=True, kw_only=True):
    """What was spent in one name."""

    name: str
    spend_usd: Decimal
    requests: int
    tokens: int


class TagUse(Sum, frozen=True, kw_only=True):
    """What was done under one tag, and of how many users' keys."""

    users: int
    successful_requests: int
    failed_requests: int


class Day(Struct, frozen=True, kw_only=True):
    """What was spent on a day."""

    day: date
    spend_usd: Decimal


class KeyDay(Struct, frozen=True, kw_only=True):
    """What one key of one user spent on a day."""

    day: date
    key_hash: str
    user_id: str
    spend_usd: Decimal


class TeamDay(Struct, frozen=True, kw_only=True):
    """What one team spent on a day."""

    day: date
    name: str
    spend_usd: Decimal


class Detail(Struct, frozen=True, kw_only=True):
    """What one key spent on a model."""

    key_hash: str
    team_id: str
    model: str
    spend_usd: Decimal
    input_tokens: int
    output_tokens: int


class Entry(Struct, frozen=True, kw_only=True):
    """What one key spent on a model and a day, for a team or a customer."""

    day: date
    name: str
    key_hash: str
    model: str
    spend_usd: Decimal
    tokens: int


class TeamUser(Struct, frozen=True, kw_only=True):
    """What one user of a team spent."""

    team_id: str
    team_alias: str | None
    user_id: str
    user_email: str | None
    user_alias: str | None
    spend_usd: Decimal
    requests: int
    successful_requests: int
    failed_requests: int
    input_tokens: int
    output_tokens: int


class Whose(Struct, frozen=True, kw_only=True):
    """Whose calls a report is about; None where it does not matter."""

    key: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    organization_id: str | None = None


async def total(db: Connection) -> Decimal:
    """Return all that was ever spent."""
    return await value(db, Q.total, Decimal) or Decimal(0)


async def by_day(db: Connection, days: Days, scope: str = "total", scope_id: str = "") -> list[Day]:
    """Return what was spent day by day, by everybody or by one."""
    return await many(db, Q.days, Day, **values(days), scope=scope, scope_id=scope_id)


async def provider_days(db: Connection, days: Days, provider: str) -> list[Day]:
    """Return what was spent at a provider day by day."""
    return await many(db, Q.provider_days, Day, **values(days), provider=provider)


async def by_key_and_day(db: Connection, days: Days, seen: Seen, key: str | None) -> list[KeyDay]:
    """Return what keys spent day by day, of the calls that a caller may see."""
    return await many(db, Q.key_days, KeyDay, **values(days), **values(seen), key=key)


async def keys(db: Connection, days: Days, seen: Seen, limit: int) -> list[Sum]:
    """Return the keys that spent most."""
    if seen.sees_all:
        return await _spent(db, "key", days, limit=limit)
    return await many(db, Q.seen_keys, Sum, **values(days), **values(seen), limit=limit)


async def things(
    db: Connection,
    by: str,
    days: Days,
    seen: Seen | None = None,
    *,
    limit: int | None = None,
    unnamed: bool = False,
) -> list[Sum]:
    """Return what most was spent on: by `upstream` model, `provider`, `model` group or `call_type`."""
    given = {"by": by, "limit": limit, "unnamed": unnamed}
    if seen is None or seen.sees_all:
        return await many(db, Q.things, Sum, **values(days), **given)
    return await many(db, Q.seen_things, Sum, **values(days), **values(seen), **given)


async def tags(db: Connection, days: Days, seen: Seen, names: list[str] | None = None) -> list[Sum]:
    """Return what was spent by tag."""
    if seen.sees_all:
        return await _spent(db, "tag", days, names)
    return await many(db, Q.seen_tags, Sum, **values(days), **values(seen), names=names)


async def tag_summaries(
    db: Connection, days: Days, names: list[str] | None, pattern: str | None, limit: int
) -> list[TagUse]:
    """Return what was done under tags, those of most calls first."""
    chosen = {"names": names, "pattern": pattern, "limit": limit}
    return await many(db, Q.tag_summaries, TagUse, **values(days), **chosen)


async def ever(db: Connection, scope: str, limit: int) -> list[Sum]:
    """Return who of a scope ever spent most."""
    return await many(db, Q.totals, Sum, scope=scope, limit=limit)


async def customers(db: Connection, days: Days, key: str | None, limit: int) -> list[Sum]:
    """Return the customers that spent most, with any or with one key."""
    if key is None:
        return await _spent(db, "end_user", days, limit=limit)
    return await many(db, Q.customers_of_key, Sum, **values(days), key=key, limit=limit)


async def teams_by_day(db: Connection, days: Days) -> list[TeamDay]:
    """Return what teams spent day by day."""
    return await many(db, Q.team_days, TeamDay, **values(days))


async def details(db: Connection, days: Days, whose: Whose) -> list[Detail]:
    """Return what was spent by key and model."""
    return await many(db, Q.details, Detail, **values(days), **values(whose))


async def team_entries(db: Connection, days: Days, team_id: str | None) -> list[Entry]:
    """Return what teams spent by day, key and model."""
    return await many(db, Q.team_report, Entry, **values(days), team_id=team_id)


async def customer_entries(
    db: Connection, days: Days, customer_id: str | None, team_id: str | None
) -> list[Entry]:
    """Return what customers spent by day, key and model, with any keys or with those of a team."""
    given = {"customer_id": customer_id, "team_id": team_id}
    return await many(db, Q.customer_report, Entry, **values(days), **given)


async def users_of_teams(db: Connection, days: Days, team_ids: list[str]) -> list[TeamUser]:
    """Return what the users of teams spent."""
    return await many(db, Q.team_users, TeamUser, **values(days), team_ids=team_ids)


async def spenders(db: Connection, kind: str, user_id: str | None, limit: int) -> list[str]:
    """Return the ids of the keys or users that spent most, of all or of one user."""
    given = {"kind": kind, "user_id": user_id, "limit": limit}
    return [row["id"] for row in await many(db, Q.spenders, dict[str, str], **given)]


async def used(
    db: Connection, kind: str, days: Days, seen: Seen, search: str | None, limit: int, offset: int
) -> list[str]:
    """Return users or customers whose calls a caller may see, by name."""
    query = _NAMES[kind, seen.sees_all]
    page = {"search": search, "limit": limit, "offset": offset}
    found = await many(db, query, dict[str, str], **values(days), **values(seen), **page)
    return [row["name"] for row in found]


async def _spent(
    db: Connection, scope: str, days: Days, names: list[str] | None = None, limit: int | None = None
) -> list[Sum]:
    return await many(db, Q.spent, Sum, **values(days), scope=scope, names=names, limit=limit)
