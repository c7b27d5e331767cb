"""A snapshot: one complete revision of the configuration, ready to serve from.

Take it once per request (`snapshot = holder.current`) and keep to it: a swap never changes a
request midway. Everything in it is read-only.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import force_setattr

from tianji.domain.snapshot import Settings
from tianji_gateway.limits.fleet import FleetLimits
from tianji_gateway.routing.candidates import Candidates
from tianji_gateway.snapshot.params import count_of
from tianji_gateway.snapshot.target import Target

__all__ = ["Snapshot", "Target"]


class Snapshot(Struct, frozen=True, kw_only=True, eq=False):
    """What a gateway serves from."""

    revision: int
    settings: Settings
    """`settings.router`, `.calls`, `.general`: merged, canonical spelling; `.master_key_hash`."""
    candidates: Candidates
    limits: FleetLimits = FleetLimits()
    """What the configuration holds all requests to."""
    allowed_ips: tuple[str, ...] | None = None
    """The addresses and networks that requests may come from; None means all."""
    most_reserved: int | None = None
    """The most tokens reserved for an answer of which nobody said how long it is; read from `settings`."""
    warnings: tuple[str, ...] = ()
    """What is wrong with single deployments; each of them answers with its own problem."""

    def __post_init__(self) -> None:
        most = count_of(self.settings.general.get("max_reserved_output_tokens"))
        force_setattr(self, "most_reserved", most)

    def targets_for(self, model_name: str, team_id: str | None = None) -> tuple[Target, ...]:
        """Return the deployments that could serve a model; empty when there is no such model.

        Aliases, team models and wildcards are resolved; a wildcard's targets come bound to the
        concrete upstream model. Cooldowns, tags and the order are the caller's business.
        Raises BadRequest for a name that only `*` matches and that names no provider.
        """
        return self.candidates.targets_for(model_name, team_id)

    def target(self, deployment_id: str) -> Target | None:
        """Return one deployment by its id."""
        return self.candidates.target(deployment_id)

    def group_of(self, model_name: str) -> str:
        """Return the model group that a name stands for (aliases resolved)."""
        return self.candidates.group_of(model_name)

    def model_names(self, team_id: str | None = None) -> list[str]:
        """List the models for `/v1/models`: exact groups and open aliases, without patterns."""
        return self.candidates.names(team_id)

    def patterns(self, team_id: str | None = None) -> list[str]:
        """List the wildcard models (`openai/*`)."""
        return self.candidates.patterns(team_id)
