"""What admins do to keys, and where a key may be."""

from __future__ import annotations

from copy import deepcopy
from itertools import count

from walks.deed import Body, Deed, within
from walks.model import Key, World


def _placed(world: World, key: Key, before: Key | None) -> bool:
    """Say whether a key may be where it is to be; `before` is where it was."""
    return _owned(world, key, before) and _in_project(world, key, before) and _in_team(world, key, before)


def _owned(world: World, key: Key, before: Key | None) -> bool:
    owners = (key.team, key.user, key.organization)
    if before is not None and owners == (before.team, before.user, before.organization):
        return True
    if key.organization is not None and key.organization not in world.organizations:
        return False
    team = world.teams.get(key.team or "")
    if team is None:
        return key.team is None
    return key.organization is None or team.organization in (None, key.organization)


def _in_team(world: World, key: Key, before: Key | None) -> bool:
    """Say whether a key fits into another team than it was in."""
    if before is None or key.team is None or key.team == before.team:
        return True
    return within(key.models, world.teams[key.team].models) and (
        key.user is None or (key.team, key.user) in world.members
    )


def _in_project(world: World, key: Key, before: Key | None) -> bool:
    if key.project is None:
        return True
    project = world.projects.get(key.project)
    if project is None or (before is not None and before.project not in (None, key.project)):
        return False
    return project.team == key.team and within(key.models, project.models)


def key_new(
    world: World,
    k: str,
    t: str | None,
    u: str | None,
    o: str | None,
    models: list[str],
    p: str | None = None,
) -> Deed:
    key = Key(models=list(models), team=t, user=u, organization=o, project=p)

    def effect(world: World) -> None:
        world.keys[k] = key

    body = {
        "key_alias": k,
        "team_id": t,
        "user_id": u,
        "organization_id": o,
        "project_id": p,
        "models": models,
    }
    return Deed("POST", "/key/generate", body, k not in world.keys and _placed(world, key, None), effect)


_FIELDS = {
    "team_id": "team",
    "user_id": "user",
    "organization_id": "organization",
    "project_id": "project",
    "allowed_routes": "routes",
    "allowed_ips": "addresses",
}
"""What the model calls the fields of a key."""


def key_update(world: World, k: str, change: Body) -> Deed:
    fields = {_FIELDS.get(name, name): value for name, value in change.items()}

    def effect(world: World) -> None:
        for name, value in fields.items():
            setattr(world.keys[k], name, value)

    before, key = world.keys.get(k), deepcopy(world.keys.get(k))
    for name, value in fields.items():
        if key is not None:
            setattr(key, name, value)
    fits = key is not None and _placed(world, key, before)
    return Deed("POST", "/key/update", {"key": k} | change, fits, effect)


def key_block(world: World, k: str, blocked: bool) -> Deed:
    def effect(world: World) -> None:
        world.keys[k].blocked = blocked

    return Deed("POST", f"/key/{'' if blocked else 'un'}block", {"key": k}, k in world.keys, effect)


def key_delete(world: World, k: str) -> Deed:
    def effect(world: World) -> None:
        del world.keys[k]

    return Deed("POST", "/key/delete", {"keys": [k]}, k in world.keys, effect)


def key_expire(world: World, k: str, expired: bool) -> Deed:
    def effect(world: World) -> None:
        world.keys[k].expired = expired

    body = {"key": k, "duration": "1s" if expired else "30d"}
    key = world.keys.get(k)
    fits = key is not None and _placed(world, key, key)
    return Deed("POST", "/key/update", body, fits, effect, wait_s=1.05 if expired else 0.0)


def key_regenerate(world: World, k: str, grace: str | None) -> Deed:
    def effect(world: World) -> None:
        assert old is not None
        if grace:
            free = next(name for n in count() if (name := f"{k}-{n}") not in world.keys)
            world.keys[free] = old
        old.successor = world.keys[k] = deepcopy(old)

    old = world.keys.get(k)
    body = {"key": k, "grace_period": grace}
    return Deed("POST", "/key/regenerate", body, old is not None and old.successor is None, effect)
