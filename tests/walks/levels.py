"""What admins do to organizations, users and customers, and to models and access groups."""

from __future__ import annotations

from collections.abc import Callable

from walks.deed import Body, Deed, drop_keys, drop_team, object_of
from walks.model import Level, World

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

    return Deed("POST", path, body, object_of(world, kind, name) is None, effect)


def changed(kind: str) -> Callable[..., Deed]:
    """Return what changes an object of a kind."""

    def make(world: World, change: Body, **named: str) -> Deed:
        [name] = named.values()
        method, path, field = _UPDATES[kind]

        def effect(world: World) -> None:
            for what, value in change.items():
                setattr(object_of(world, kind, name), what, value)

        return Deed(method, path, {field: name} | change, object_of(world, kind, name) is not None, effect)

    return make


def organization_delete(world: World, o: str) -> Deed:
    def effect(world: World) -> None:
        teams = {name for name, team in world.teams.items() if team.organization == o}
        drop_keys(world, lambda key: key.organization == o or key.team in teams)
        for team in teams:
            drop_team(world, team)
        del world.organizations[o]

    return Deed("DELETE", "/organization/delete", {"organization_ids": [o]}, o in world.organizations, effect)


def user_delete(world: World, u: str) -> Deed:
    def effect(world: World) -> None:
        drop_keys(world, lambda key: key.user == u)
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
