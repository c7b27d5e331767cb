"""What a walk may do, drawn at random: by verb how often, with what, and which admin call it is.

Objects go by short names (`o0`, `t1`, `k2`); a walk puts its own mark in front of them. A step is plain
data, so that a walk can be walked again without some of its steps.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from walks import keys, levels, teams
from walks.deed import Body, Deed
from walks.model import World

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


def _level_change(rng: Random) -> Body:
    return {"models": _models(rng)} if rng.random() < 0.6 else {"blocked": rng.random() < 0.6}


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


def _team_and_user(rng: Random, world: World) -> Body:
    return {"t": _one(rng, world, "team"), "u": _one(rng, world, "user")}


def _member(rng: Random, world: World) -> Body:
    """Draw a team and a user, mostly one of its members."""
    there = sorted(world.members)
    if not there or rng.random() < 0.1:
        return _team_and_user(rng, world)
    team, user = rng.choice(there)
    return {"t": team, "u": user}


def _nothing(_: Random, __: World) -> Body:
    return {}


def _yes_or_no(rng: Random) -> bool:
    return rng.random() < 0.6


VERBS: dict[str, tuple[int, Draw, Make]] = {
    "organization_new": (2, _new("organization"), levels.organization_new),
    "organization_update": (8, _which("organization", change=_level_change), levels.changed("organization")),
    "organization_delete": (1, _which("organization"), levels.organization_delete),
    "team_new": (
        4,
        lambda rng, world: _new("team")(rng, world) | {"o": _maybe(rng, world, "organization")},
        teams.team_new,
    ),
    "team_update": (10, _team_change, teams.team_update),
    "team_block": (4, _which("team", blocked=_yes_or_no), teams.team_block),
    "team_model_add": (2, _which("team", models=lambda rng: rng.sample(ENTRIES, 1)), teams.team_model_add),
    "team_delete": (1, _which("team"), teams.team_delete),
    "member_add": (
        2,
        lambda rng, world: _which("team")(rng, world) | _which("user")(rng, world),
        teams.member_add,
    ),
    "member_delete": (
        2,
        _member,
        teams.member_delete,
    ),
    "member_update": (
        4,
        lambda rng, world: _member(rng, world) | {"models": _models(rng)},
        teams.member_update,
    ),
    "project_new": (
        5,
        lambda rng, world: _new("project")(rng, world) | _which("team")(rng, world),
        teams.project_new,
    ),
    "project_update": (5, _which("project", change=_level_change), teams.project_update),
    "project_delete": (1, _which("project"), teams.project_delete),
    "user_new": (1, _new("user"), levels.user_new),
    "user_update": (6, _which("user", change=_level_change), levels.changed("user")),
    "user_delete": (1, _which("user"), levels.user_delete),
    "customer_new": (2, _new("customer"), levels.customer_new),
    "customer_update": (2, _which("customer", change=_level_change), levels.changed("customer")),
    "customer_block": (3, _which("customer", blocked=_yes_or_no), levels.customer_block),
    "customer_delete": (1, _which("customer"), levels.customer_delete),
    "key_new": (
        6,
        lambda rng, world: (
            _new("key")(rng, world)
            | {kind[0]: _maybe(rng, world, kind) for kind in ("team", "user", "organization")}
            | {"p": _maybe(rng, world, "project") if rng.random() < 0.3 else None}
        ),
        keys.key_new,
    ),
    "key_update": (18, _key_change, keys.key_update),
    "key_block": (4, _which("key", blocked=_yes_or_no), keys.key_block),
    "key_delete": (2, _which("key"), keys.key_delete),
    "key_expire": (3, _which("key", expired=_yes_or_no), keys.key_expire),
    "key_regenerate": (3, _which("key", grace=lambda rng: rng.choice((None, "1h"))), keys.key_regenerate),
    "model_new": (3, _nothing, levels.model_new),
    "model_delete": (1, _nothing, levels.model_delete),
    "group_new": (2, _nothing, levels.group_new),
    "group_delete": (1, _nothing, levels.group_delete),
}
"""By verb: how often it is drawn, how it is drawn, and what it is."""
