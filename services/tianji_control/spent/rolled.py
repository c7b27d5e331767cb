"""What was spent since a moment, out of sums by day and the rows of the day that the moment is in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tianji.domain.snapshot import CUSTOMER, KEY, ORGANIZATION, TAG, TEAM, USER
from tianji.store.rows import Connection, value
from tianji_control.spent.holders import MEMBER, Q
from tianji_control.spent.totals import total, totals

_SCOPES = {KEY: "key", TEAM: "team", ORGANIZATION: "organization", CUSTOMER: "end_user", TAG: "tag"}
_REST = {
    "key": Q.rest_of_key,
    "team": Q.rest_of_team,
    "organization": Q.rest_of_organization,
    "end_user": Q.rest_of_end_user,
    "tag": Q.rest_of_tag,
}
_BEFORE_ALL = date(1, 1, 1)


async def ever(db: Connection, kind: str, ids: Iterable[str]) -> dict[str, Decimal]:
    """Return what holders have ever spent, of a kind of which one row tells it."""
    scope = _SCOPES.get(kind)
    return {**dict.fromkeys(ids, Decimal(0)), **await totals(db, scope, ids)} if scope else {}


async def rolled(db: Connection, kind: str, id: str, since: float, model: str = "") -> Decimal:
    """Return what a holder has spent since a moment, 0 for ever; with one model group, where it is named.

    Of a user, calls with a team's keys are not theirs. The id of a member is `<team>:<user>`.
    """
    if since <= 0 and not model and kind in _SCOPES:
        return await total(db, _SCOPES[kind], id)
    day, partial = _first_day(since)
    given = {"model": model, "day": day}
    if kind in (USER, MEMBER):
        team_id, _, user_id = id.rpartition(":") if kind == MEMBER else ("", "", id)
        given |= {"user_id": user_id, "team_id": team_id}
        whole, rest = Q.days_of_user_in_team, Q.rest_of_user_in_team
    else:
        given |= {"id": id, "scope": _SCOPES[kind]}
        whole, rest = Q.days_of_scope, _REST[_SCOPES[kind]]
    spent = await value(db, whole, Decimal, **given) or Decimal(0)
    if partial:
        spent += await value(db, rest, Decimal, since=since, **given) or Decimal(0)
    return spent


def _first_day(since: float) -> tuple[date, bool]:
    """Return the day whose followers count whole, and whether a part of it counts too."""
    if since <= 0:
        return _BEFORE_ALL, False
    moment = datetime.fromtimestamp(since, UTC)
    if moment.time() == datetime.min.time():
        return moment.date() - timedelta(days=1), False
    return moment.date(), True
