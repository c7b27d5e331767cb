"""What was spent since a moment, out of sums by day and the rows of the day that the moment is in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from tianji.domain.snapshot import CUSTOMER, KEY, ORGANIZATION, PROJECT, TAG, TEAM, USER
from tianji.limits.configured import DEPLOYMENT, PROVIDER, PROXY
from tianji.store.queries import Query
from tianji.store.rows import Connection, value
from tianji_control.spent.holders import MEMBER, ORGANIZATION_MEMBER, Q, parted
from tianji_control.spent.totals import total, totals


class _Sums(NamedTuple):
    """Where what somebody has spent is read: the days that count whole, and the rest of the first."""

    days: Query
    rest: Query
    scope: str = ""
    """Of sums over all days, where there is one row of them."""


_TABLE = {
    KEY: _Sums(Q.days_of_scope, Q.rest_of_key, "key"),
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


async def ever(db: Connection, kind: str, ids: Iterable[str]) -> dict[str, Decimal]:
    """Return what holders have ever spent, of a kind of which one row tells it."""
    scope = _TABLE[kind].scope
    return {**dict.fromkeys(ids, Decimal(0)), **await totals(db, scope, ids)} if scope else {}


async def rolled(db: Connection, kind: str, id: str, since: float, model: str = "") -> Decimal:
    """Return what a holder has spent since a moment, 0 for ever; with one model group, where it is named.

    Of a user, calls with a team's keys are not theirs.
    """
    sums = _TABLE[kind]
    if since <= 0 and not model and sums.scope:
        return await total(db, sums.scope, id)
    day, partial = _first_day(since)
    pair = f":{id}" if kind == USER else id
    groups, users = parted(pair)
    given = {
        "id": pair, "groups": groups, "users": users, "scope": sums.scope, "model": model, "day": day,
        "since": since,
    }  # fmt: skip
    spent = await value(db, sums.days, Decimal, **given) or Decimal(0)
    if partial:
        spent += await value(db, sums.rest, Decimal, **given) or Decimal(0)
    return spent


def _first_day(since: float) -> tuple[date, bool]:
    """Return the day whose followers count whole, and whether a part of it counts too."""
    if since <= 0:
        return _BEFORE_ALL, False
    moment = datetime.fromtimestamp(since, UTC)
    if moment.time() == datetime.min.time():
        return moment.date() - timedelta(days=1), False
    return moment.date(), True
