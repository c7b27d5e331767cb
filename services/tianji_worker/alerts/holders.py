"""Whose a budget is: the names that people know a holder by, and its amounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import field

from tianji.store.queries import Queries, Query
from tianji.store.rows import Connection, many
from tianji_worker.alerts.event import Names

Q = Queries.beside(__file__)


class Holder(Names, frozen=True, kw_only=True):
    """Who is held to a budget."""

    id: str
    max_budget: Decimal | None = None
    soft_budget: Decimal | None = None
    said: dict[str, Any] = field(default_factory=dict)
    """What else is said of budgets, and of who is told of them, under the names of LiteLLM's API."""


class Kind(NamedTuple):
    """Holders of one kind, as bounds name them."""

    group: str
    """What webhooks call them."""
    title: str
    """What messages call them."""
    rows: Query


KINDS = {
    "key": Kind("key", "Key", Q.keys),
    "team": Kind("team", "Team", Q.teams),
    "member": Kind("team_member", "Team Member", Q.members),
    "user": Kind("user", "User", Q.users),
    "organization": Kind("organization", "Organization", Q.organizations),
    "orgmember": Kind("organization_member", "Organization Member", Q.organization_members),
    "project": Kind("project", "Project", Q.projects),
    "customer": Kind("end_user", "End User", Q.customers),
    "tag": Kind("tag", "Tag", Q.tags),
    "proxy": Kind("proxy", "Proxy", Q.configured),
    "provider": Kind("provider", "Provider", Q.configured),
    "deployment": Kind("deployment", "Deployment", Q.configured),
}


_COLONS = {"member": 1, "orgmember": 1}
"""How many colons the ids of a kind have."""


class Name(NamedTuple):
    """A bound's id, taken apart."""

    kind: str
    id: str
    window: str = ""
    """Of one of several budgets; empty for the holder's own."""
    model: str = ""
    """Of a budget for one model."""


def named(bound: str) -> Name | None:
    """Take a bound's id apart; None for one of a kind that is not known."""
    kind, _, id = bound.partition(":")
    if kind.endswith("_model"):
        kind = kind.removesuffix("_model")
        colons = _COLONS.get(kind, 0)
        parts = id.split(":", colons + 1)
        if kind not in KINDS or len(parts) < colons + 2:
            return None
        return Name(kind, ":".join(parts[:-1]), model=parts[-1])
    if kind not in KINDS:
        return None
    whole, mark, window = id.rpartition("@")
    # The id of a user may be an e-mail address: only what begins with a digit is a window.
    if mark and (window == "all" or window[:1].isdigit()) and kind in ("key", "team"):
        return Name(kind, whole, window)
    return Name(kind, id)


async def holders(db: Connection, names: Iterable[Name]) -> Mapping[tuple[str, str], Holder]:
    """Return the holders that are there, by kind and id."""
    wanted: dict[str, set[str]] = {}
    for name in names:
        wanted.setdefault(name.kind, set()).add(name.id)
    found: dict[tuple[str, str], Holder] = {}
    for kind, ids in wanted.items():
        prefixes = sorted({id[:at] for id in ids for at, sign in enumerate(id) if sign == ":"})
        given = {"ids": sorted(ids), "prefixes": prefixes, "kind": kind}
        for row in await many(db, KINDS[kind].rows, Holder, **given):
            found[kind, row.id] = row
    return found
