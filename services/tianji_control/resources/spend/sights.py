"""Whose calls a caller gets sums of, as the parameters of queries on cells."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tianji_control.access.permits import Sight
from tianji_control.call import Call


class Seen(Struct, frozen=True, kw_only=True):
    """The calls that a caller may see: all, or those of a key, a user, teams and organizations."""

    sees_all: bool
    own_key: str | None
    own_user: str | None
    own_teams: list[str]
    own_organizations: list[str]


def seen(call: Call) -> Seen:
    """Return what the caller may see of the ledger."""
    return of_sight(call.sight("spend:read"))


def of_sight(sight: Sight) -> Seen:
    """Return the same of a sight."""
    return Seen(
        sees_all=sight.all,
        own_key=sight.key_hash,
        own_user=sight.user_id,
        own_teams=sight.teams,
        own_organizations=sight.organizations,
    )


def values(given: Struct) -> dict[str, Any]:
    """Return a Struct's fields as parameters of a query."""
    return {name: getattr(given, name) for name in given.__struct_fields__}
