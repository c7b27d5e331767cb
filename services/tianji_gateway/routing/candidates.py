"""Who could serve a model: aliases, exact groups, deployment ids, wildcard patterns.

Tried in this order, a team's own models before everybody's: exact name, deployment id, then the
patterns, the most specific one first. An alias is replaced before anything else is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from tianji.errors import BadRequest
from tianji_gateway.snapshot.target import Target

Concrete = Callable[[Target, str], Target]
"""Makes the target of a pattern into one for a concrete upstream model; BadRequest where it cannot."""

_REMEMBERED = 1000
"""Concrete names of patterns kept ready; clients choose the names, so it must be bounded."""


class Pattern(Struct, frozen=True, kw_only=True):
    """A model name with wildcards and who serves it."""

    name: str
    form: re.Pattern[str]
    targets: tuple[Target, ...]

    @classmethod
    def of(cls, name: str, targets: tuple[Target, ...]) -> Pattern:
        """Make the pattern of a name such as `openai/*`."""
        return cls(name=name, form=form_of(name), targets=targets)

    @property
    def specificity(self) -> tuple[int, int]:
        """What patterns are ordered by: more letters first, then fewer wildcards."""
        stars = self.name.count("*")
        return stars - len(self.name), stars


class Candidates:
    """The index over all targets of one snapshot; made once, asked per request."""

    __slots__ = ("_aliases", "_concrete", "_groups", "_hidden", "_ids", "_patterns", "_ready")

    def __init__(
        self,
        groups: Mapping[tuple[str | None, str], tuple[Target, ...]],
        aliases: Mapping[str, Any],
        concrete: Concrete,
    ) -> None:
        """`groups` are keyed by team (None for everybody's) and model name."""
        self._groups = {key: targets for key, targets in groups.items() if "*" not in key[1]}
        self._patterns = _patterns(groups)
        self._ids = {target.id: target for targets in groups.values() for target in targets}
        self._aliases = {name: _aliased(to) for name, to in aliases.items() if _aliased(to)}
        self._hidden = {name for name, to in aliases.items() if isinstance(to, dict) and to.get("hidden")}
        self._concrete = concrete
        self._ready: dict[tuple[str | None, str], tuple[Target, ...]] = {}

    def group_of(self, name: str) -> str:
        """Return the model group that a name stands for: itself, or what it is an alias of."""
        return self._aliases.get(name, name)

    def targets_for(self, name: str, team_id: str | None = None) -> tuple[Target, ...]:
        """Return who could serve a model for a team, in no order; empty for an unknown model.

        Raises BadRequest for a name that only `*` matches and that names no provider.
        """
        name = self.group_of(name)
        if team_id is not None and (own := self._groups.get((team_id, name))):
            return own
        if common := self._groups.get((None, name)):
            return common
        if single := self._single(name, team_id):
            return single
        return self._matching(team_id, name)

    def pattern_of(self, name: str, team_id: str | None = None) -> str | None:
        """Return the pattern that a name is served by; None for an exact or unknown name."""
        name = self.group_of(name)
        if (team_id, name) in self._groups or (None, name) in self._groups or self._single(name, team_id):
            return None
        found = self._match(team_id, name)
        return found[0].name if found else None

    def target(self, deployment_id: str) -> Target | None:
        """Return one deployment's target."""
        return self._ids.get(deployment_id)

    def names(self, team_id: str | None = None) -> list[str]:
        """List the models a team may see, each once: groups in their order, then open aliases."""
        groups = [name for team, name in self._groups if team is None or team == team_id]
        shown = [name for name in self._aliases if name not in self._hidden]
        return list(dict.fromkeys(groups + shown))

    def patterns(self, team_id: str | None = None) -> list[str]:
        """List the names with wildcards that a team may use, most specific first."""
        return list(dict.fromkeys(pattern.name for pattern in self.open_patterns(team_id)))

    def open_patterns(self, team_id: str | None = None) -> list[Pattern]:
        """List the patterns that a team may use, its own first and the most specific one first."""
        teams: list[str | None] = [None] if team_id is None else [team_id, None]
        return [pattern for team in teams for pattern in self._patterns.get(team, ())]

    def _single(self, name: str, team_id: str | None) -> tuple[Target, ...]:
        target = self._ids.get(name)
        if target is None or target.deployment.team_id not in (None, team_id):
            return ()
        return (target,)

    def _matching(self, team_id: str | None, name: str) -> tuple[Target, ...]:
        ready = self._ready.get((team_id, name))
        if ready is not None:
            return ready
        found = self._match(team_id, name)
        if found is None:
            return ()
        pattern, parts = found
        targets = self._made_concrete(pattern, parts)
        if len(self._ready) >= _REMEMBERED:
            self._ready.clear()
        self._ready[team_id, name] = targets
        return targets

    def _made_concrete(self, pattern: Pattern, parts: tuple[str, ...]) -> tuple[Target, ...]:
        made, refused = [], None
        for target in pattern.targets:
            try:
                made.append(self._concrete(target, filled(target.deployment.model, parts)))
            except BadRequest as fault:
                refused = fault
        if refused and not made:
            raise refused
        return tuple(made)

    def _match(self, team_id: str | None, name: str) -> tuple[Pattern, tuple[str, ...]] | None:
        for team in (team_id, None) if team_id is not None else (None,):
            for pattern in self._patterns.get(team, ()):
                if found := pattern.form.fullmatch(name):
                    return pattern, found.groups()
        return None


def _patterns(
    groups: Mapping[tuple[str | None, str], tuple[Target, ...]],
) -> dict[str | None, tuple[Pattern, ...]]:
    found: dict[str | None, list[Pattern]] = {}
    for (team, name), targets in groups.items():
        if "*" in name:
            found.setdefault(team, []).append(Pattern.of(name, targets))
    return {team: tuple(sorted(some, key=lambda p: p.specificity)) for team, some in found.items()}


def form_of(name: str) -> re.Pattern[str]:
    """Compile a name such as `openai/*`; each wildcard is a group."""
    return re.compile("(.*)".join(re.escape(part) for part in name.split("*")), re.DOTALL)


def _aliased(to: object) -> str:
    """Read an alias: the group's name, or a mapping that holds it as `model`."""
    if isinstance(to, dict):
        to = to.get("model")
    return to if isinstance(to, str) else ""


def filled(model: str, parts: Iterable[str]) -> str:
    """Put what wildcards stood for into a name's own wildcards, in order."""
    for part in parts:
        model = model.replace("*", part, 1)
    return model
