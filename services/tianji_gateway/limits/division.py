"""How a model's own rates are divided: by priority, or evenly among the keys that call it.

What a model can do is the sum of what its deployments say of `rpm` and `tpm`. With priorities each has a
part that is reserved for it; while the model is used little, others may use of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from tianji.config.amounts import count_of, number_of
from tianji.domain.deployments import Deployment
from tianji.domain.keys import KeyRecord
from tianji.domain.tenants import TeamRecord
from tianji.limits.contract import Bound, Kind, Share
from tianji_gateway.limits.bounds import Part

EVEN = "dynamic_rate_limiter"
BY_PRIORITY = "dynamic_rate_limiter_v3"
POOL = "default_pool"
"""The priority of those who have none, or one that the config does not know."""

_DEFAULT = 0.25
_THRESHOLD = 0.5
_PARTS = 65_536
_ROUNDING = 1e-9
"""A share of 0.29 is meant as 29 of 100."""


class Reservation(Struct, frozen=True):
    """What the config reserves for a priority: a share of the model, or a number of its `rpm` or `tpm`."""

    priority: str
    value: float
    unit: str = "percent"

    def share(self, rpm: int | None, tpm: int | None) -> float:
        """Return it as a share of a model; all of one that has no limit in its unit."""
        if self.unit == "percent":
            return self.value
        of = rpm if self.unit == "rpm" else tpm
        return self.value / of if of else 1.0


class Division(Struct, frozen=True):
    """How the rates of all models are divided."""

    even: bool
    """Whether each key that calls gets the same; else there are priorities, or the model's limit alone."""
    reserved: tuple[Reservation, ...] = ()
    default: float = _DEFAULT
    """The share of the pool of those without a priority."""
    threshold: float = _THRESHOLD
    """The share of a model's limit below which nobody is held to a part."""


class Targets(Struct, frozen=True):
    """A model group as far as it is divided."""

    group: str
    rpm: int | None
    tpm: int | None


def division_of(calls: Mapping[str, Any]) -> Division | None:
    """Read how models are divided from `litellm_settings`; None where it is not asked for."""
    said = calls.get("callbacks")
    callbacks = said if isinstance(said, list) else [said]
    if EVEN not in callbacks and BY_PRIORITY not in callbacks:
        return None
    terms = calls.get("priority_reservation")
    reserved = tuple(_reservations(terms if isinstance(terms, dict) else {}))
    settings = calls.get("priority_reservation_settings")
    settings = settings if isinstance(settings, dict) else {}
    return Division(
        even=not reserved and BY_PRIORITY not in callbacks,
        reserved=reserved,
        default=_share(settings.get("default_priority"), _DEFAULT),
        threshold=_share(settings.get("saturation_threshold"), _THRESHOLD),
    )


def divided(
    division: Division,
    group: str,
    deployments: Iterable[Deployment],
    key: KeyRecord,
    team: TeamRecord | None,
) -> Part | None:
    """Return what a call of a model group is held to by the division; None where the group has no limit."""
    rates = [(rate_of(one, "rpm"), rate_of(one, "tpm"), one.team_id) for one in deployments]
    rpm, tpm = _sum(rate for rate, _, _ in rates), _sum(rate for _, rate, _ in rates)
    if rpm is None and tpm is None:
        return None
    owner = rates[0][2]
    name = key.identity if division.even else _priority(division, key, team)
    return _parts(division, Targets(f"{owner}/{group}" if owner else group, rpm, tpm), name)


def rate_of(deployment: Deployment, name: str) -> int | None:
    """Return a rate of a deployment, from its parameters, else its `model_info`."""
    return count_of(deployment.params.get(name)) or count_of(deployment.info.get(name))


@lru_cache(maxsize=_PARTS)
def _parts(division: Division, model: Targets, name: str) -> Part:
    rates: tuple[tuple[Kind, int | None], ...] = (("rpm", model.rpm), ("tpm", model.tpm))
    limits = [(kind, most) for kind, most in rates if most is not None]
    who = f"the model {model.group}"
    bounds = [Bound(id=f"model:{model.group}", kind=kind, limit=most, who=who) for kind, most in limits]
    for kind, most in limits if division.even or division.reserved else ():
        share = _share_of(division, model, name, most)
        kept = "key" if division.even else "priority"
        id = f"{'even' if division.even else 'priority'}:{model.group}"
        bounds.append(Bound(id=id, kind=kind, limit=most, who=f"the {kept} {name} of {who}", share=share))
    return Part(tuple(bounds))


def _share_of(division: Division, model: Targets, name: str, most: int) -> Share:
    if division.even:
        return Share(name, even=True)
    shares = {one.priority: one.share(model.rpm, model.tpm) for one in division.reserved}
    too_much = max(1.0, sum(shares.values()))
    share = shares[name] / too_much if name in shares else division.default
    return Share(name, int(most * share + _ROUNDING), int(most * division.threshold + _ROUNDING))


def _priority(division: Division, key: KeyRecord, team: TeamRecord | None) -> str:
    """Return whose part a caller uses: the team's priority goes before the key's."""
    said = team.metadata.get("priority") if team is not None else None
    said = key.metadata.get("priority") if said is None else said
    known = any(one.priority == said for one in division.reserved)
    return said if known and isinstance(said, str) else POOL


def _reservations(terms: Mapping[str, Any]) -> Iterator[Reservation]:
    for priority, said in terms.items():
        unit = said.get("type", "percent") if isinstance(said, dict) else "percent"
        value = _amount(said.get("value", 1.0) if isinstance(said, dict) else said)
        if value is not None:
            yield Reservation(str(priority), value, unit if unit in ("rpm", "tpm") else "percent")


def _amount(said: Any) -> float | None:
    return 0.0 if said in (0, "0") and not isinstance(said, bool) else number_of(said)


def _share(said: Any, usual: float) -> float:
    """Read a share between 0 and 1."""
    amount = _amount(said)
    return usual if amount is None else min(amount, 1.0)


def _sum(rates: Iterable[int | None]) -> int | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None
