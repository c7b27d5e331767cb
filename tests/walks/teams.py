"""What admins do to teams, their members and projects."""

from __future__ import annotations

from copy import deepcopy

from walks.deed import Body, Deed, bound, drop_keys, drop_team, within
from walks.model import Level, Project, Team, World


def team_new(world: World, t: str, o: str | None, models: list[str]) -> Deed:
    team = Team(models=list(models), organization=o)

    def effect(world: World) -> None:
        world.teams[t] = team

    body = {"team_id": t, "organization_id": o, "models": models}
    return Deed("POST", "/team/new", body, t not in world.teams and bound(world, team), effect)


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
    fits = team is not None and bound(world, team)
    return Deed("POST", "/team/update", {"team_id": t} | change, fits, effect)


def team_block(world: World, t: str, blocked: bool) -> Deed:
    def effect(world: World) -> None:
        world.teams[t].blocked = blocked

    return Deed("POST", f"/team/{'' if blocked else 'un'}block", {"team_id": t}, t in world.teams, effect)


def team_model_add(world: World, t: str, models: list[str]) -> Deed:
    team = deepcopy(world.teams.get(t)) or Team()
    team.models = list(dict.fromkeys([*team.models, *models]))

    def effect(world: World) -> None:
        world.teams[t].models = team.models

    fits = t in world.teams and bound(world, team)
    return Deed("POST", "/team/model/add", {"team_id": t, "models": models}, fits, effect)


def team_delete(world: World, t: str) -> Deed:
    def effect(world: World) -> None:
        drop_team(world, t)

    return Deed("POST", "/team/delete", {"team_ids": [t]}, t in world.teams, effect)


def member_add(world: World, t: str, u: str) -> Deed:
    def effect(world: World) -> None:
        world.users.setdefault(u, Level())
        world.members[t, u] = Level()

    body = {"team_id": t, "member": {"role": "user", "user_id": u}}
    return Deed("POST", "/team/member_add", body, t in world.teams and (t, u) not in world.members, effect)


def member_delete(world: World, t: str, u: str) -> Deed:
    def effect(world: World) -> None:
        drop_keys(world, lambda key: key.team == t and key.user == u)
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
    fits = p not in world.projects and t in world.teams and within(models, world.teams[t].models)
    return Deed("POST", "/project/new", body, fits, effect)


def project_update(world: World, p: str, change: Body) -> Deed:
    project = world.projects.get(p)

    def effect(world: World) -> None:
        for name, value in change.items():
            setattr(world.projects[p], name, value)

    models = change.get("models", project.models if project else [])
    fits = project is not None and within(models, world.teams[project.team].models)
    return Deed("POST", "/project/update", {"project_id": p} | change, fits, effect)


def project_delete(world: World, p: str) -> Deed:
    def effect(world: World) -> None:
        del world.projects[p]

    fits = p in world.projects and all(key.project != p for key in world.keys.values())
    return Deed("DELETE", "/project/delete", {"project_ids": [p]}, fits, effect)
