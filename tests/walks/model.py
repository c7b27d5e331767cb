"""What a key may do, as docs/reference/tenancy.md says it: what gateways are held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

GROUPS = {
    "llm_api_routes": ("/",),
    "anthropic_routes": ("/v1/messages",),
    "openai_routes": ("/v1/chat", "/v1/models"),
}
HERE = "127.0.0."
"""Where all calls of a walk come from."""
EVERYTHING = ("*", "all-proxy-models")


@dataclass
class Level:
    """An organization, a user or a customer; what teams and keys are, too."""

    models: list[str] = field(default_factory=list)
    blocked: bool = False


@dataclass
class Team(Level):
    organization: str | None = None
    aliases: dict[str, str] = field(default_factory=dict)


@dataclass
class Project(Level):
    team: str = ""


@dataclass
class Key(Level):
    team: str | None = None
    project: str | None = None
    user: str | None = None
    organization: str | None = None
    routes: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    expired: bool = False
    successor: Key | None = None
    """The key that this one is another name of, within the grace of its rotation."""


@dataclass
class World:
    """All that there is, by name."""

    models: set[str]
    aliases: dict[str, str]
    groups: dict[str, set[str]]
    organizations: dict[str, Level] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    members: dict[tuple[str, str], Level] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    users: dict[str, Level] = field(default_factory=dict)
    customers: dict[str, Level] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)

    def in_force(self, key: Key | None) -> Key | None:
        """Follow a key to the one that took its place, unless it has ended itself."""
        while key is not None and key.successor is not None and not (key.expired or key.blocked):
            key = key.successor if any(one is key.successor for one in self.keys.values()) else None
        return key

    def lets_in(self, key: Key | None, path: str, customer: str = "") -> bool:
        """Say whether a key may call a path at all."""
        key = self.in_force(key)
        if key is None or key.expired or any(level.blocked for level in self.chain(key, customer)):
            return False
        if key.addresses and not any(one.startswith(HERE) for one in key.addresses):
            return False
        return not key.routes or any(_covers(entry, path) for entry in key.routes)

    def allows(self, key: Key, model: str, customer: str = "") -> bool:
        """Say whether there is such a model, and every list that has a say allows it."""
        key = self.in_force(key) or key
        lists = [
            level.models
            for level in self.chain(key, customer)
            if not (level is key and "all-team-models" in key.models)
            and not (level is self.users.get(key.user or "") and key.team)
        ]
        return self.aliases.get(model, model) in self.models and all(self.grants(one, model) for one in lists)

    def chain(self, key: Key, customer: str = "") -> list[Level]:
        """List the levels that have a say about a call."""
        team = self.teams.get(key.team or "")
        organization = (team.organization if team else None) or key.organization
        levels = (
            *(key, self.projects.get(key.project or ""), self.members.get((key.team or "", key.user or ""))),
            *(team, self.users.get(key.user or "")),
            *(self.organizations.get(organization or ""), self.customers.get(customer)),
        )
        return [level for level in levels if level is not None]

    def unaliased(self, key: Key, model: str) -> str:
        """Return what a name stands for to a key."""
        key = self.in_force(key) or key
        model = key.aliases.get(model, model)
        team = self.teams.get(key.team or "")
        return team.aliases.get(model, model) if team else model

    def grants(self, models: list[str], model: str) -> bool:
        """Say whether a list of models allows one."""
        names = {model, self.aliases.get(model, model)}
        granted = {group for group, members in self.groups.items() if names & members}
        fits = [
            one in (*EVERYTHING, *granted) or any(fnmatchcase(name, one) for name in names) for one in models
        ]
        return not models or any(fits)


def _covers(entry: str, path: str) -> bool:
    if not entry.startswith("/"):
        return path.startswith(GROUPS.get(entry, ()))
    return path.startswith(entry[:-1]) if entry.endswith("*") else f"{path}/".startswith(f"{entry}/")
