"""The chains of calls that came lately: the same records mean the same chain."""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec import Struct

from tianji.domain.keys import KeyRecord
from tianji.domain.limits import Limits
from tianji.domain.tenants import OrganizationRecord, ProjectRecord, TeamRecord, UserRecord
from tianji.limits.contract import Chain
from tianji_gateway.flow.admit import Grant
from tianji_gateway.flow.identify import Principal
from tianji_gateway.flow.labels import Labels
from tianji_gateway.limits.chains import chain_of, limits_tags
from tianji_gateway.limits.fleet import FleetLimits
from tianji_gateway.snapshot.model import Target

_MOST = 4096


class _Met(Struct, frozen=True, eq=False):
    """What a chain was made for. Records go by their identity: one that changes is another one."""

    key: KeyRecord
    team: TeamRecord | None
    user: UserRecord | None
    organization: OrganizationRecord | None
    project: ProjectRecord | None
    fleet: FleetLimits
    model: str
    targets: tuple[Target, ...]
    strained: bool
    since: float
    """No budget is raised, or falls back, from this time until `until`."""
    until: float
    chain: Chain | None


_met: dict[str, _Met] = {}
"""By the hash of the key that called."""


def recent_chain(
    principal: Principal, labels: Labels, grant: Grant, fleet: FleetLimits, now: float, *, strained: bool
) -> Chain | None:
    """Return what a call is held to, as `chain_of` does; at once where its key has called so before."""
    key = principal.key
    tagged = labels.tags and (fleet.tags or limits_tags(key))
    if principal.master or labels.end_user is not None or tagged:
        return chain_of(principal, labels, grant, fleet, now, strained=strained)
    met = _met.get(key.hash)
    if (
        met is not None
        and met.key is key
        and met.team is principal.team
        and met.user is principal.user
        and met.organization is principal.organization
        and met.project is principal.project
        and met.fleet is fleet
        and met.targets is grant.targets
        and met.model == grant.model
        and met.strained is strained
        and met.since <= now < met.until
    ):
        return met.chain
    chain = chain_of(principal, labels, grant, fleet, now, strained=strained)
    if len(_met) >= _MOST:
        _met.clear()
    ends = [limits.more_until for limits in _limits(principal) if limits.more_until is not None]
    _met[key.hash] = _Met(
        key=key,
        team=principal.team,
        user=principal.user,
        organization=principal.organization,
        project=principal.project,
        fleet=fleet,
        model=grant.model,
        targets=grant.targets,
        strained=strained,
        since=max((end for end in ends if end <= now), default=0.0),
        until=min((end for end in ends if end > now), default=math.inf),
        chain=chain,
    )
    return chain


def _limits(principal: Principal) -> Iterator[Limits]:
    key, team, user = principal.key, principal.team, principal.user
    found = [key.limits, key.member]
    if team is not None:
        found += [team.limits, team.member]
    if user is not None:
        found += [user.limits, *user.in_organizations.values()]
    found += [one.limits for one in (principal.organization, principal.project) if one is not None]
    return (limits for limits in found if limits is not None)
