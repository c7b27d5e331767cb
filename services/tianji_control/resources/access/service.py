"""Works out whether a key may do something, with the functions that decide it elsewhere."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs
from starlette.routing import BaseRoute, Match

from tianji.domain.access import Chain, Refusal, barred, barred_address, barred_model, barred_route
from tianji.domain.keys import KeyRecord
from tianji.domain.snapshot import CUSTOMER, KEY, ORGANIZATION, PROJECT, TEAM, USER
from tianji.domain.tenants import CustomerRecord, OrganizationRecord, ProjectRecord, TeamRecord, UserRecord
from tianji.errors import PermissionDenied
from tianji.store.rows import Connection
from tianji_control.access.permits import PERMITS, Actor, require_somewhere
from tianji_control.access.routes import require_route
from tianji_control.call import Guarded
from tianji_control.publish import compile
from tianji_control.resources.models import store as models
from tianji_control.resources.models.store import DeploymentRow

R = TypeVar("R", KeyRecord, TeamRecord, ProjectRecord, UserRecord, OrganizationRecord, CustomerRecord)


class Verdict(Struct, frozen=True, kw_only=True):
    """Yes or no, by which rule, at which level."""

    allowed: bool
    rule: str
    level: str | None = None
    id: str | None = None
    message: str
    permission: str | None = None
    """What an admin path needs."""
    reach: dict[str, str] | None = None
    """How far each role of the caller has that permission."""


async def chain_of(db: Connection, hash: str, customer: str | None = None) -> Chain | None:
    """Return a key with all that it belongs to, as gateways see it, and whom a call is made for."""
    key, replaced = await _record(db, KEY, hash, KeyRecord), []
    while key is not None and key.successor is not None:
        replaced.append(key)
        key = await _record(db, KEY, key.successor, KeyRecord)
    if key is None and replaced:  # the value ended with the key that took its place
        key = structs.replace(replaced.pop(), expires=0.0)
    if key is None:
        return None
    team = await _record(db, TEAM, key.team_id, TeamRecord)
    organization_id = (team.organization_id if team is not None else None) or key.organization_id
    return Chain(
        key=key,
        replaced=replaced,
        team=team,
        project=await _record(db, PROJECT, key.project_id, ProjectRecord),
        user=await _record(db, USER, key.user_id, UserRecord),
        organization=await _record(db, ORGANIZATION, organization_id, OrganizationRecord),
        customer=await _record(db, CUSTOMER, customer, CustomerRecord),
    )


async def about_model(db: Connection, chain: Chain, model: str, aliases: dict[str, Any]) -> Verdict | None:
    """Return why a model is refused; None when it is not."""
    name = chain.key.aliases.get(model, model)
    if chain.team is not None:
        name = chain.team.aliases.get(name, name)
    other = aliases.get(name)
    group = other.get("model") if isinstance(other, dict) else other
    names = {name, group if isinstance(group, str) else name}
    served = _serving(await models.listed(db), names, chain.key.team_id)
    groups = {one for row in served for one in row.info.get("access_groups") or () if isinstance(one, str)}
    refusal = barred_model(chain, names, lambda: groups)
    if refusal is not None:
        return refused(refusal)
    if not served:
        return Verdict(allowed=False, rule="unknown_model", message=f"There is no model {model!r} here")
    return None


def about_standing(chain: Chain, address: str | None = None) -> Verdict | None:
    """Return why a key is let in nowhere, or not from an address; None when it is let in."""
    refusal = barred_address(chain.key, address) if address is not None else None
    refusal = refusal or barred(chain, time.time())
    return refused(refusal) if refusal is not None else None


def about_route(
    actor: Actor, key: KeyRecord | None, method: str, path: str, routes: list[BaseRoute]
) -> Verdict:
    """Say whether a path may be called: an admin path by the table of permissions, others by the key."""
    guarded = _guarded(method, path, routes)
    if guarded is None:
        refusal = barred_route(key, path) if key is not None else None
        return refused(refusal) if refusal is not None else _yes(f"{path} needs no more than a key")
    try:
        require_route(actor.allowed_routes, path)
    except PermissionDenied as fault:
        return Verdict(allowed=False, rule="route", level="key", id=actor.key_hash, message=fault.message)
    row = PERMITS[guarded.permission]
    roles = {actor.role, *actor.teams.values(), *actor.organizations.values()}
    reach = {role.value: row[role].value for role in sorted(roles)}
    facts: dict[str, Any] = {"permission": guarded.permission, "reach": reach}
    try:
        require_somewhere(actor, guarded.permission)
    except PermissionDenied as fault:
        return Verdict(
            allowed=False, rule="permission", level="role", id=actor.role, message=fault.message, **facts
        )
    message = f"{guarded.permission} is permitted, as far as `reach` says"
    return Verdict(allowed=True, rule="permission", level="role", id=actor.role, message=message, **facts)


def refused(refusal: Refusal) -> Verdict:
    """Put a refusal into words."""
    words = {
        "blocked": f"the {refusal.who} {refusal.id} is blocked",
        "expired": "the key has expired",
        "address": "the key's allowed_ips do not have the address",
        "route": "the key's allowed_routes do not cover the path",
        "models": f"the {refusal.who} {refusal.id} may only use {list(refusal.models)}",
    }
    return Verdict(
        allowed=False, rule=refusal.rule, level=refusal.who, id=refusal.id, message=words[refusal.rule]
    )


def _yes(message: str) -> Verdict:
    return Verdict(allowed=True, rule="nothing_against_it", message=message)


def _guarded(method: str, path: str, routes: list[BaseRoute]) -> Guarded | None:
    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    for route in routes:
        if isinstance(route, Guarded) and route.matches(scope)[0] is Match.FULL:
            return route
    return None


def _serving(rows: list[DeploymentRow], names: set[str], team_id: str | None) -> list[DeploymentRow]:
    """Return the deployments that serve a model: by its exact name, by id, by the closest pattern."""
    open_rows = [row for row in rows if row.team_id in (None, team_id) and not row.blocked]
    exact = [row for row in open_rows if row.model_name in names]
    if own := [row for row in exact if row.team_id is not None]:
        return own
    if exact:
        return exact
    if single := [row for row in open_rows if row.id in names]:
        return single
    patterns = [row for row in open_rows if "*" in row.model_name and _fits(row.model_name, names)]
    closest = max(patterns, key=lambda row: len(row.model_name.replace("*", "")), default=None)
    return [row for row in patterns if closest is not None and row.model_name == closest.model_name]


def _fits(pattern: str, names: set[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


async def _record(db: Connection, kind: str, id: str | None, of: type[R]) -> R | None:
    if id is None:
        return None
    raw = (await compile.records(db, kind, [id]))[id]
    return None if raw is None else msgspec.json.decode(raw, type=of)
