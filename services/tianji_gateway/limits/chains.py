"""All that a call is held to, from the whole proxy down to its key: made once for each combination."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec.structs import replace

from tianji.domain.keys import KeyRecord
from tianji.domain.limits import Limits
from tianji.limits.contract import Chain
from tianji_gateway.flow.admit import Grant
from tianji_gateway.flow.identify import Principal
from tianji_gateway.flow.labels import Labels
from tianji_gateway.limits.bounds import Holder, Part, part_of
from tianji_gateway.limits.division import divided
from tianji_gateway.limits.fleet import FleetLimits

_CHAINS = 65_536
_TAGS = "tag_rpm_limit"
_OWN = ("max_budget", "duration", "tpm", "rpm", "tpd", "parallel", "models", "windows")


def chain_of(
    principal: Principal,
    labels: Labels,
    grant: Grant,
    fleet: FleetLimits,
    now: float,
    *,
    strained: bool = False,
) -> Chain | None:
    """Return what a call is held to, the widest first; None for nothing.

    `strained` says whether the model has failed lately: only then limits hold that are loose otherwise.
    """
    key, team, user = principal.key, principal.team, principal.user
    organization, project = principal.organization, principal.project
    if (
        key.limits is None
        and fleet.proxy is None
        and fleet.division is None
        and (team is None or (team.limits is None and team.member is None))
        and (user is None or (user.limits is None and not user.in_organizations))
        and (organization is None or organization.limits is None)
        and (project is None or project.limits is None)
        and key.member is None
        and (labels.end_user is None or _customer_limits(principal, fleet) is None)
        and (not labels.tags or not (fleet.tags or limits_tags(key)))
        and fleet.parallel_per_key is None
    ):
        return None
    models = tuple(dict.fromkeys((grant.model, grant.group)))
    parts = [] if fleet.proxy is None else [fleet.proxy]
    for holder, limits in _holders(principal, labels, fleet):
        raised = limits.more_until is not None and now < limits.more_until
        if limits.loose and not strained:
            limits = _loosened(limits)
        if limits.tpd is not None and not fleet.days_of_calls:
            limits = _without_days(limits)
        named = models if limits.models else ()
        parts.append(part_of(holder, limits, named, fleet.calendar, raised))
    if fleet.division is not None:
        deployments = [target.deployment for target in grant.targets]
        part = divided(fleet.division, grant.group, deployments, key, team)
        if part is not None:
            parts.append(part)
    return _joined(tuple(parts))


@lru_cache(maxsize=_CHAINS)
def _joined(parts: tuple[Part, ...]) -> Chain | None:
    bounds = tuple(bound for part in parts for bound in part.bounds)
    return Chain(bounds) if bounds else None


def _holders(principal: Principal, labels: Labels, fleet: FleetLimits) -> list[tuple[Holder, Limits]]:
    key, team, user = principal.key, principal.team, principal.user
    found: list[tuple[Holder, Limits]] = []

    def add(kind: str, id: str, limits: Limits | None, who: str) -> None:
        if limits is not None:
            found.append((Holder(kind, id, who), limits))

    if (organization := principal.organization) is not None:
        add("organization", organization.id, organization.limits, f"Organization={organization.id}")
        if user is not None:
            who = f"User={user.id} in Organization={organization.id}"
            add("orgmember", f"{organization.id}:{user.id}", user.in_organizations.get(organization.id), who)
    if team is not None:
        add("team", team.id, team.limits, f"Team={team.id}")
        if key.user_id is not None:
            who = f"User={key.user_id} in Team={team.id}"
            add("member", f"{team.id}:{key.user_id}", _member(key.member, team.member), who)
    if (project := principal.project) is not None:
        add("project", project.id, project.limits, f"Project={project.id}")
    if user is not None and not principal.master:
        limits = user.limits
        if limits is not None and team is not None and not fleet.users_in_teams:
            limits = Limits(tpm=limits.tpm, rpm=limits.rpm)
        add("user", user.id, limits, f"User={user.id}")
    for tag in labels.tags if fleet.tags else ():
        add("tag", tag, fleet.tags.get(tag), f"Tag={tag}")
    if labels.end_user is not None:
        limits = _customer_limits(principal, fleet)
        add("customer", labels.end_user, limits, f"End User={labels.end_user}")
    if not principal.master:
        who = f"Key={key.alias or 'key'} ({key.name})" if key.name else f"Key={key.alias or 'key'}"
        for tag, limits in _of_tags(key, labels):
            add("tag_per_key", f"{key.identity}:{tag}", limits, f"{who} Tag={tag}")
        add("key", key.identity, _key_limits(key.limits, fleet), who)
    return found


def limits_tags(key: KeyRecord) -> bool:
    """Say whether a key has limits for calls with some tags (`tag_rpm_limit`)."""
    return bool(key.metadata.get(_TAGS))


def _of_tags(key: KeyRecord, labels: Labels) -> Iterator[tuple[str, Limits]]:
    said = key.metadata.get(_TAGS)
    if not isinstance(said, dict):
        return
    for tag in labels.tags:
        rpm = said.get(tag)
        if isinstance(rpm, int) and not isinstance(rpm, bool) and rpm >= 0:
            yield tag, Limits(rpm=rpm)


def _customer_limits(principal: Principal, fleet: FleetLimits) -> Limits | None:
    own = principal.customer.limits if principal.customer is not None else None
    return own or principal.key.customer_limits or fleet.customers


def _key_limits(limits: Limits | None, fleet: FleetLimits) -> Limits | None:
    if fleet.parallel_per_key is None or (limits is not None and limits.parallel is not None):
        return limits
    return replace(limits or Limits(), parallel=fleet.parallel_per_key)


@lru_cache(maxsize=_CHAINS)
def _loosened(limits: Limits) -> Limits:
    """Leave out what holds only while the model fails."""
    return replace(limits, loose=(), **dict.fromkeys(limits.loose))


@lru_cache(maxsize=_CHAINS)
def _without_days(limits: Limits) -> Limits:
    """Leave out the tokens of a day, which count batches."""
    return replace(limits, tpd=None)


def _member(own: Limits | None, usual: Limits | None) -> Limits | None:
    """Put a member's own limits before those that the team has for its members."""
    if own is None or usual is None:
        return own or usual
    said = {name: getattr(own, name) or getattr(usual, name) for name in _OWN}
    if own.max_budget is not None:
        said["duration"] = own.duration
    changed = max(own.changed or 0.0, usual.changed or 0.0) or None
    return replace(own, **said, changed=changed)
