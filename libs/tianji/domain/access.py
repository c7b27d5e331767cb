"""May a key do this? The one answer, for the gateway that serves and for the admin who asks.

A key stands in a chain: organization, team, project, user, key. What one level forbids no level below it can
allow: a call is let through when no level is blocked and every level's list of models has the model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence, Set

from msgspec import Struct

from tianji.domain.addresses import within
from tianji.domain.key_routes import covers_route
from tianji.domain.keys import KeyRecord
from tianji.domain.tenants import CustomerRecord, OrganizationRecord, ProjectRecord, TeamRecord, UserRecord

ALL_MODELS = frozenset({"all-proxy-models", "*"})
TEAM_MODELS = "all-team-models"


class Chain(Struct, frozen=True, kw_only=True):
    """A key with all that it belongs to."""

    key: KeyRecord
    replaced: Sequence[KeyRecord] = ()
    """Values of the key that it took the place of, from the one that was used on: all must be in force."""
    team: TeamRecord | None = None
    project: ProjectRecord | None = None
    user: UserRecord | None = None
    organization: OrganizationRecord | None = None
    customer: CustomerRecord | None = None
    """Whom a call is made for, where it says so and they are known."""


class Level(Struct, frozen=True):
    """One level of a chain that has a say about models."""

    who: str
    id: str
    models: Sequence[str]
    """An empty list allows every model."""


class Refusal(Struct, frozen=True):
    """Why not: which rule, at which level."""

    rule: str
    """`blocked`, `expired`, `address`, `route` or `models`."""
    who: str
    id: str
    models: Sequence[str] = ()
    """The list that lacks the model."""


def barred(chain: Chain, now: float) -> Refusal | None:
    """Return which level is blocked or has expired, the highest first."""
    key, team, user, organization = chain.key, chain.team, chain.user, chain.organization
    if organization is not None and organization.blocked:
        return Refusal("blocked", "organization", organization.id)
    if team is not None and team.blocked:
        return Refusal("blocked", "team", team.id)
    if chain.project is not None and chain.project.blocked:
        return Refusal("blocked", "project", chain.project.id)
    if user is not None and user.blocked:
        return Refusal("blocked", "user", user.id)
    if chain.customer is not None and chain.customer.blocked:
        return Refusal("blocked", "customer", chain.customer.id)
    for value in (*chain.replaced, key):
        if value.blocked:
            return Refusal("blocked", "key", value.hash)
        if value.expires is not None and value.expires <= now:
            return Refusal("expired", "key", value.hash)
    return None


def barred_address(key: KeyRecord, address: str | None) -> Refusal | None:
    """Say whether the key may not be used from this address; an empty list has all."""
    if not key.allowed_ips or within(address, key.allowed_ips):
        return None
    return Refusal("address", "key", key.hash)


def barred_route(key: KeyRecord, route: str) -> Refusal | None:
    """Say whether the key's list of inference paths lacks this one; an empty list has all."""
    allowed = key.allowed_routes
    if not allowed or any(covers_route(entry, route) for entry in allowed):
        return None
    return Refusal("route", "key", key.hash)


def barred_model(chain: Chain, names: Collection[str], groups: Callable[[], Set[str]]) -> Refusal | None:
    """Return whose list of models lacks a model, the key's own first.

    `names` are those that the model goes by; `groups` tells the access groups that it is granted in,
    and is asked only where no name suffices.
    """
    for level in levels(chain):
        if level.models and not (allows(level.models, names) or not groups().isdisjoint(level.models)):
            return Refusal("models", level.who, level.id, level.models)
    return None


def levels(chain: Chain) -> Iterator[Level]:
    """Walk the lists that must all allow a model. A team's keys are not narrowed by their user's list."""
    key, team, user, organization = chain.key, chain.team, chain.user, chain.organization
    if TEAM_MODELS not in key.models:
        yield Level("key", key.hash, key.models)
    if chain.project is not None:
        yield Level("project", chain.project.id, chain.project.models)
    if team is not None:
        yield Level("member", key.user_id or "", team.member_models.get(key.user_id or "", ()))
        yield Level("team", team.id, team.models)
    elif user is not None:
        yield Level("user", user.id, user.models)
    if organization is not None:
        yield Level("organization", organization.id, organization.models)
    if chain.customer is not None:
        yield Level("customer", chain.customer.id, chain.customer.models)


def allows(models: Collection[str], names: Collection[str]) -> bool:
    """Say whether a list of models has an entry that stands for one of these names."""
    return any(covers_model(entry, name) for entry in models for name in names)


def covers_model(entry: str, name: str) -> bool:
    """Say whether an entry of a list of models stands for a name; `*` stands for any text."""
    return entry in ALL_MODELS or entry == name or ("*" in entry and _matches(entry, name))


def _matches(pattern: str, name: str) -> bool:
    first, *rest = pattern.split("*")
    if not name.startswith(first):
        return False
    position = len(first)
    for part in rest[:-1]:
        found = name.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(name) - position >= len(rest[-1]) and name.endswith(rest[-1])
