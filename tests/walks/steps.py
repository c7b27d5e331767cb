"""What a walk may do: an admin call, drawn at random; whether it must be taken; what it changes in the model.

Objects go by short names (`o0`, `t1`, `k2`); a walk puts its own mark in front of them. A step is plain
data, so that a walk can be walked again without some of its steps.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from random import Random
from typing import Any

from walks.model import EVERYTHING, Key, Level, Project, Team, World

Body = dict[str, Any]
Step = tuple[str, Body]
"""A verb of `VERBS` and what it is done with."""

NAMES = {
    "organization": ("o0", "o1"),
    "team": ("t0", "t1", "t2"),
    "user": ("u0", "u1"),
    "customer": ("c0",),
    "project": ("p0", "p1"),
    "key": ("k0", "k1", "k2", "k3"),
}
MODELS = ("alpha", "beta-1", "beta-2", "first", "own")
ENTRIES = ("alpha", "beta-1", "beta-*", "betas", "own", "owns", "*", "all-proxy-models", "first", "nothing")
ROUTES = (
    *("llm_api_routes", "openai_routes", "anthropic_routes", "management_routes"),
    *("/v1/chat/completions", "/v1/chat", "/v1/*", "/v1/models"),
)


@dataclass
class Deed:
    """One admin call."""

    method: str
    path: str
    body: Body
    fits: bool
    """Whether it must be taken; otherwise it must be refused, and change nothing."""
    effect: Callable[[World], None]
    wait_s: float = 0.0
    """How long it takes to have its effect."""


Draw = Callable[[Random, World], Body]
Make = Callable[..., Deed]


def first_steps(rng: Random) -> list[Step]:
    """Draw what every walk begins with: something to change."""
    return [
        ("organization_new", {"o": "o0", "models": _models(rng)}),
        ("team_new", {"t": "t0", "o": rng.choice(["o0", None]), "models": []}),
        ("user_new", {"u": "u0", "models": _models(rng)}),
        ("key_new", {"k": "k0", "t": "t0", "u": rng.choice(["u0", None]), "o": None, "models": _models(rng)}),
        ("key_new", {"k": "k1", "t": None, "u": "u0", "o": rng.choice(["o0", None]), "models": []}),
    ]


def next_step(rng: Random, world: World) -> Step:
    """Draw a step."""
    verb = rng.choices(list(VERBS), [weight for weight, _, _ in VERBS.values()])[0]
    return verb, VERBS[verb][1](rng, world)


def deed_of(step: Step, world: World) -> Deed:
    """Say what a step is, as the world stands now."""
    verb, drawn = step
    return VERBS[verb][2](world, **drawn)


def _models(rng: Random) -> list[str]:
    return [] if rng.random() < 0.3 else rng.sample(ENTRIES, rng.choice((1, 1, 2, 3)))


def _aliases(rng: Random) -> dict[str, str]:
    return rng.choice(({}, {"mine": rng.choice(MODELS)}, {"alpha": "beta-1"}))


def _one(rng: Random, world: World, kind: str) -> str:
    """Choose an object that is there, mostly."""
    there = sorted(getattr(world, f"{kind}s"))
    return rng.choice(there if there and rng.random() < 0.93 else NAMES[kind])


def _maybe(rng: Random, world: World, kind: str) -> str | None:
    return _one(rng, world, kind) if rng.random() < 0.7 else None


def _which(kind: str, **more: Callable[[Random], Any]) -> Draw:
    """Draw the name of an object, and further values."""
    return lambda rng, world: (
        {kind[0]: _one(rng, world, kind)} | {name: draw(rng) for name, draw in more.items()}
    )


def _new(kind: str) -> Draw:
    return lambda rng, _: {kind[0]: rng.choice(NAMES[kind]), "models": _models(rng)}


def _of(world: World, kind: str, name: str | None) -> Any:
    return getattr(world, f"{kind}s").get(name or "")


def _drop_keys(world: World, gone: Callable[[Key], bool]) -> None:
    world.keys = {name: key for name, key in world.keys.items() if not gone(key)}


def _drop_team(world: World, team: str) -> None:
    _drop_keys(world, lambda key: key.team == team)
    world.members = {one: member for one, member in world.members.items() if one[0] != team}
    world.projects = {name: project for name, project in world.projects.items() if project.team != team}
    del world.teams[team]


def _within(models: list[str], bounds: list[str]) -> bool:
    """Say whether a list names nothing beyond another one."""
    return not bounds or all(
        model in (*EVERYTHING, "all-team-models")
        or any(one in EVERYTHING or fnmatchcase(model, one) for one in bounds)
        for model in models
    )


def _bound(world: World, team: Team) -> bool:
    """Say whether a team is in an organization that is there, and has no model beyond its."""
    organization = world.organizations.get(team.organization or "")
    if organization is None:
        return team.organization is None
    return _within(team.models, organization.models)


_UPDATES = {
    "organization": ("PATCH", "/organization/update", "organization_id"),
    "user": ("POST", "/user/update", "user_id"),
    "customer": ("POST", "/customer/update", "user_id"),
}


def organization_new(world: World, o: str, models: list[str]) -> Deed:
    body = {"organization_id": o, "organization_alias": o, "models": models}
    return _made(world, "organization", o, "/organization/new", body)


def user_new(world: World, u: str, models: list[str]) -> Deed:
    return _made(world, "user", u, "/user/new", {"user_id": u, "models": models, "auto_create_key": False})


def customer_new(world: World, c: str, models: list[str]) -> Deed:
    return _made(world, "customer", c, "/customer/new", {"user_id": c, "models": models})


def _made(world: World, kind: str, name: str, path: str, body: Body) -> Deed:
    def effect(world: World) -> None:
        getattr(world, f"{kind}s")[name] = Level(list(body["models"]))

    return Deed("POST", path, body, _of(world, kind, name) is None, effect)


def _changed(kind: str) -> Make:
    def make(world: World, change: Body, **named: str) -> Deed:
        [name] = named.values()
        method, path, field = _UPDATES[kind]

        def effect(world: World) -> None:
            for what, value in change.items():
                setattr(_of(world, kind, name), what, value)

        return Deed(method, path, {field: name} | change, _of(world, kind, name) is not None, effect)

    return make


def _level_change(rng: Random) -> Body:
    return {"models": _models(rng)} if rng.random() < 0.6 else {"blocked": rng.random() < 0.6}


def organization_delete(world: World, o: str) -> Deed:
    def effect(world: World) -> None:
        teams = {name for name, team in world.teams.items() if team.organization == o}
        _drop_keys(world, lambda key: key.organization == o or key.team in teams)
        for team in teams:
            _drop_team(world, team)
        del world.organizations[o]

    return Deed("DELETE", "/organization/delete", {"organization_ids": [o]}, o in world.organizations, effect)


def user_delete(world: World, u: str) -> Deed:
    def effect(world: World) -> None:
        _drop_keys(world, lambda key: key.user == u)
        world.members = {one: member for one, member in world.members.items() if one[1] != u}
        del world.users[u]

    return Deed("POST", "/user/delete", {"user_ids": [u]}, u in world.users, effect)


def customer_delete(world: World, c: str) -> Deed:
    def effect(world: World) -> None:
        del world.customers[c]

    return Deed("POST", "/customer/delete", {"user_ids": [c]}, c in world.customers, effect)


def customer_block(world: World, c: str, blocked: bool) -> Deed:
    def effect(world: World) -> None:
        world.customers.setdefault(c, Level()).blocked = blocked

    path = "/customer/block" if blocked else "/customer/unblock"
    return Deed("POST", path, {"user_ids": [c]}, blocked or c in world.customers, effect)


def team_new(world: World, t: str, o: str | None, models: list[str]) -> Deed:
    team = Team(models=list(models), organization=o)

    def effect(world: World) -> None:
        world.teams[t] = team

    body = {"team_id": t, "organization_id": o, "models": models}
    return Deed("POST", "/team/new", body, t not in world.teams and _bound(world, team), effect)


def team_update(world: World, t: str, change: Body) -> Deed:
    names = {"organization_id": "organization", "model_aliases": "aliases"}
    fields = {names.get(name, name): value for name, value in change.items()}

    def effect(world: World) -> None:
        for name, value in fields.items():
            setattr(world.teams[t], name, value)

    team = deepcopy(world.teams.get(t))
    for name, value in fields.items():
        if team is not None:
            setattr(team, name, value)
    fits = team is not None and _bound(world, team)
    return Deed("POST", "/team/update", {"team_id": t} | change, fits, effect)


def _team_change(rng: Random, world: World) -> Body:
    change = rng.choice(
        (
            {"models": _models(rng)},
            {"models": _models(rng)},
            {"organization_id": _maybe(rng, world, "organization")},
            {"organization_id": _maybe(rng, world, "organization")},
            {"model_aliases": _aliases(rng)},
        )
    )
    return {"t": _one(rng, world, "team"), "change": change}


def team_block(world: World, t: str, blocked: bool) -> Deed:
    def effect(world: World) -> None:
        world.teams[t].blocked = blocked

    return Deed("POST", f"/team/{'' if blocked else 'un'}block", {"team_id": t}, t in world.teams, effect)


def team_model_add(world: World, t: str, models: list[str]) -> Deed:
    team = deepcopy(world.teams.get(t)) or Team()
    team.models = list(dict.fromkeys([*team.models, *models]))

    def effect(world: World) -> None:
        world.teams[t].models = team.models

    fits = t in world.teams and _bound(world, team)
    return Deed("POST", "/team/model/add", {"team_id": t, "models": models}, fits, effect)


def team_delete(world: World, t: str) -> Deed:
    def effect(world: World) -> None:
        _drop_team(world, t)

    return Deed("POST", "/team/delete", {"team_ids": [t]}, t in world.teams, effect)


def member_add(world: World, t: str, u: str) -> Deed:
    def effect(world: World) -> None:
        world.users.setdefault(u, Level())
        world.members[t, u] = Level()

    body = {"team_id": t, "member": {"role": "user", "user_id": u}}
    return Deed("POST", "/team/member_add", body, t in world.teams and (t, u) not in world.members, effect)


def member_delete(world: World, t: str, u: str) -> Deed:
    def effect(world: World) -> None:
        _drop_keys(world, lambda key: key.team == t and key.user == u)
        del world.members[t, u]

    return Deed("POST", "/team/member_delete", {"team_id": t, "user_id": u}, (t, u) in world.members, effect)


def member_update(world: World, t: str, u: str, models: list[str]) -> Deed:
    def effect(world: World) -> None:
        world.members[t, u].models = models

    body = {"team_id": t, "user_id": u, "allowed_models": models}
    return Deed("POST", "/team/member_update", body, (t, u) in world.members, effect)


def project_new(world: World, p: str, t: str, models: list[str]) -> Deed:
    project = Project(models=list(models), team=t)

    def effect(world: World) -> None:
        world.projects[p] = project

    body = {"project_id": p, "project_alias": p, "team_id": t, "models": models}
    fits = p not in world.projects and t in world.teams and _within(models, world.teams[t].models)
    return Deed("POST", "/project/new", body, fits, effect)


def project_update(world: World, p: str, change: Body) -> Deed:
    project = world.projects.get(p)

    def effect(world: World) -> None:
        for name, value in change.items():
            setattr(world.projects[p], name, value)

    models = change.get("models", project.models if project else [])
    fits = project is not None and _within(models, world.teams[project.team].models)
    return Deed("POST", "/project/update", {"project_id": p} | change, fits, effect)


def project_delete(world: World, p: str) -> Deed:
    def effect(world: World) -> None:
        del world.projects[p]

    fits = p in world.projects and all(key.project != p for key in world.keys.values())
    return Deed("DELETE", "/project/delete", {"project_ids": [p]}, fits, effect)


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
    return _within(key.models, world.teams[key.team].models) and (
        key.user is None or (key.team, key.user) in world.members
    )


def _in_project(world: World, key: Key, before: Key | None) -> bool:
    if key.project is None:
        return True
    project = world.projects.get(key.project)
    if project is None or (before is not None and before.project not in (None, key.project)):
        return False
    return project.team == key.team and _within(key.models, project.models)


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


def _key_change(rng: Random, world: World) -> Body:
    change = rng.choice(
        (
            {"models": [*_models(rng), *rng.choice(([], [], ["all-team-models"]))]},
            {"allowed_routes": rng.sample(ROUTES, rng.choice((0, 1, 1, 2)))},
            {"aliases": _aliases(rng)},
            {"team_id": _maybe(rng, world, "team")},
            {"team_id": _maybe(rng, world, "team")},
            {"user_id": _maybe(rng, world, "user")},
            {"organization_id": _maybe(rng, world, "organization")},
            {"project_id": _maybe(rng, world, "project")},
            {"project_id": None, "team_id": _maybe(rng, world, "team"), "user_id": None},
            {"allowed_ips": rng.choice(([], ["10.9.9.9"], ["127.0.0.1"], ["10.0.0.0/8", "127.0.0.0/8"]))},
        )
    )
    return {"k": _one(rng, world, "key"), "change": change}


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
        if grace:
            free = next(name for n in count() if (name := f"{k}-{n}") not in world.keys)
            world.keys[free] = deepcopy(world.keys[k])

    body = {"key": k, "grace_period": grace}
    return Deed("POST", "/key/regenerate", body, k in world.keys, effect)


def model_new(world: World) -> Deed:
    body = {
        "model_name": "own",
        "litellm_params": {"model": "openai/gpt-4o-mini", "mock_response": "Hello."},
        "model_info": {"id": "own"},
    }
    return Deed("POST", "/model/new", body, "own" not in world.models, lambda world: world.models.add("own"))


def model_delete(world: World) -> Deed:
    def effect(world: World) -> None:
        world.models.discard("own")
        world.groups.pop("owns", None)

    return Deed("POST", "/model/delete", {"id": "own"}, "own" in world.models, effect)


def group_new(world: World) -> Deed:
    def effect(world: World) -> None:
        world.groups["owns"] = {"own"}

    body = {"access_group": "owns", "model_names": ["own"]}
    return Deed(
        "POST", "/access_group/new", body, "own" in world.models and "owns" not in world.groups, effect
    )


def group_delete(world: World) -> Deed:
    def effect(world: World) -> None:
        del world.groups["owns"]

    return Deed("DELETE", "/access_group/owns/delete", {}, "owns" in world.groups, effect)


def _member(rng: Random, world: World) -> Body:
    """Draw a team and a user, mostly one of its members."""
    there = sorted(world.members)
    team, user = rng.choice(there) if there and rng.random() < 0.9 else ("t0", "u1")
    return {"t": team, "u": user}


def _nothing(_: Random, __: World) -> Body:
    return {}


def _yes_or_no(rng: Random) -> bool:
    return rng.random() < 0.6


VERBS: dict[str, tuple[int, Draw, Make]] = {
    "organization_new": (2, _new("organization"), organization_new),
    "organization_update": (8, _which("organization", change=_level_change), _changed("organization")),
    "organization_delete": (1, _which("organization"), organization_delete),
    "team_new": (
        4,
        lambda rng, world: _new("team")(rng, world) | {"o": _maybe(rng, world, "organization")},
        team_new,
    ),
    "team_update": (10, _team_change, team_update),
    "team_block": (4, _which("team", blocked=_yes_or_no), team_block),
    "team_model_add": (2, _which("team", models=lambda rng: rng.sample(ENTRIES, 1)), team_model_add),
    "team_delete": (1, _which("team"), team_delete),
    "member_add": (2, lambda rng, world: _which("team")(rng, world) | _which("user")(rng, world), member_add),
    "member_delete": (
        2,
        lambda rng, world: _which("team")(rng, world) | _which("user")(rng, world),
        member_delete,
    ),
    "member_update": (
        4,
        lambda rng, world: _member(rng, world) | {"models": _models(rng)},
        member_update,
    ),
    "project_new": (
        5,
        lambda rng, world: _new("project")(rng, world) | _which("team")(rng, world),
        project_new,
    ),
    "project_update": (5, _which("project", change=_level_change), project_update),
    "project_delete": (1, _which("project"), project_delete),
    "user_new": (1, _new("user"), user_new),
    "user_update": (6, _which("user", change=_level_change), _changed("user")),
    "user_delete": (1, _which("user"), user_delete),
    "customer_new": (2, _new("customer"), customer_new),
    "customer_update": (2, _which("customer", change=_level_change), _changed("customer")),
    "customer_block": (3, _which("customer", blocked=_yes_or_no), customer_block),
    "customer_delete": (1, _which("customer"), customer_delete),
    "key_new": (
        6,
        lambda rng, world: (
            _new("key")(rng, world)
            | {kind[0]: _maybe(rng, world, kind) for kind in ("team", "user", "organization")}
        ),
        key_new,
    ),
    "key_update": (18, _key_change, key_update),
    "key_block": (4, _which("key", blocked=_yes_or_no), key_block),
    "key_delete": (2, _which("key"), key_delete),
    "key_expire": (3, _which("key", expired=_yes_or_no), key_expire),
    "key_regenerate": (3, _which("key", grace=lambda rng: rng.choice((None, "1h"))), key_regenerate),
    "model_new": (3, _nothing, model_new),
    "model_delete": (1, _nothing, model_delete),
    "group_new": (2, _nothing, group_new),
    "group_delete": (1, _nothing, group_delete),
}
"""By verb: how often it is drawn, how it is drawn, and what it is."""
