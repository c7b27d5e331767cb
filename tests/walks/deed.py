"""One admin call, and what it does to the model; the rules that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from walks.model import EVERYTHING, Key, Team, World

Body = dict[str, Any]


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


def object_of(world: World, kind: str, name: str | None) -> Any:
    """Return an object by its kind and name; None where there is none."""
    return getattr(world, f"{kind}s").get(name or "")


def drop_keys(world: World, gone: Callable[[Key], bool]) -> None:
    """Take away the keys of which something holds."""
    world.keys = {name: key for name, key in world.keys.items() if not gone(key)}


def drop_team(world: World, team: str) -> None:
    """Take away a team with all that is its."""
    drop_keys(world, lambda key: key.team == team)
    world.members = {one: member for one, member in world.members.items() if one[0] != team}
    world.projects = {name: project for name, project in world.projects.items() if project.team != team}
    del world.teams[team]


def within(models: list[str], bounds: list[str]) -> bool:
    """Say whether a list names nothing beyond another one."""
    return not bounds or all(
        model in (*EVERYTHING, "all-team-models")
        or any(one in EVERYTHING or fnmatchcase(model, one) for one in bounds)
        for model in models
    )


def bound(world: World, team: Team) -> bool:
    """Say whether a team is in an organization that is there, and has no model beyond its."""
    organization = world.organizations.get(team.organization or "")
    if organization is None:
        return team.organization is None
    return within(team.models, organization.models)
