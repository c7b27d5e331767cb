"""What was spent since a moment, out of sums by day and the rows of the day that the moment is in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct

from tianji.domain.snapshot import CUSTOMER, KEY, ORGANIZATION, PROJECT, TAG, TEAM, USER
from tianji.limits.configured import DEPLOYMENT, PROVIDER, PROXY
from tianji.store.queries import Query
from tianji.store.rows import Connection, many
from tianji_control.spent.holders import MEMBER, ORGANIZATION_MEMBER, Q, parted
from tianji_control.spent.totals import totals


class _Sums(NamedTuple):
    """Where what somebody has spent is read: the days that count whole, and the rest of the first."""

    days: Query
    rest: Query
    scope: str = ""
    """Of sums over all days, where there is one row of them."""


_TABLE = {
    KEY: _Sums(Q.days_of_key, Q.rest_of_key, "key"),
    TEAM: _Sums(Q.days_of_scope, Q.rest_of_team, "team"),
    ORGANIZATION: _Sums(Q.days_of_scope, Q.rest_of_organization, "organization"),
    CUSTOMER: _Sums(Q.days_of_scope, Q.rest_of_end_user, "end_user"),
    TAG: _Sums(Q.days_of_scope, Q.rest_of_tag, "tag"),
    PROJECT: _Sums(Q.days_of_scope, Q.rest_of_project, "project"),
    DEPLOYMENT: _Sums(Q.days_of_scope, Q.rest_of_deployment, "deployment"),
    PROVIDER: _Sums(Q.days_of_provider, Q.rest_of_provider, "provider"),
    PROXY: _Sums(Q.days_of_scope, Q.rest_of_all, "total"),
    USER: _Sums(Q.days_of_user_in_team, Q.rest_of_user_in_team),
    MEMBER: _Sums(Q.days_of_user_in_team, Q.rest_of_user_in_team),
    ORGANIZATION_MEMBER: _Sums(Q.days_of_user_in_organization, Q.rest_of_user_in_organization),
}
_BEFORE_ALL = date(1, 1, 1)


class Since(NamedTuple):
    """From when on somebody's spend is asked for, 0 for ever; with one model group, where it is named."""

    id: str
    since: float = 0.0
    model: str = ""


class _Spent(Struct, frozen=True):
    """What was spent; `n` says who is meant."""

    n: int
    spent: Decimal


async def rolled_all(db: Connection, kind: str, asked: Sequence[Since]) -> list[Decimal]:
    """Return what holders of one kind have spent since a moment each, in this order.

    Of a user, calls with a team's keys are not theirs.
    """
    sums = _TABLE[kind]
    in_all = [bool(sums.scope) and one.since <= 0 and not one.model for one in asked]
    ever = await totals(db, sums.scope, {one.id for one, all in zip(asked, in_all, strict=True) if all})
    spent = [Decimal(0)] * len(asked)
    whole: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    for n, one in enumerate(asked):
        if in_all[n]:
            spent[n] = ever.get(one.id, Decimal(0))
            continue
        day, partial = _first_day(one.since)
        pair = f":{one.id}" if kind == USER else one.id
        groups, users = parted(pair)
        given = {
            "n": n, "id": pair, "groups": groups, "users": users, "model": one.model, "day": day.isoformat(),
            "since": one.since,
        }  # fmt: skip
        whole.append(given)
        if partial:
            parts.append(given)
    for query, wanted in ((sums.days, whole), (sums.rest, parts)):
        if wanted:
            for row in await many(db, query, _Spent, asked=wanted, scope=sums.scope):
                spent[row.n] += row.spent
    return spent


def _first_day(since: float) -> tuple[date, bool]:
    """Return the day whose followers count whole, and whether a part of it counts too."""
    if since <= 0:
        return _BEFORE_ALL, False
    moment = datetime.fromtimestamp(since, UTC)
    if moment.time() == datetime.min.time():
        return moment.date() - timedelta(days=1), False
    return moment.date(), True
