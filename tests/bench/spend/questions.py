"""What reports ask of the ledger, as the control plane asks it: named, with who asks and for which days."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from tianji.store.rows import Connection
from tianji_control.resources.activity import counts, daily
from tianji_control.resources.activity import store as activity
from tianji_control.resources.activity.counts import Chosen
from tianji_control.resources.activity.store import Wanted
from tianji_control.resources.reports import store as reports
from tianji_control.resources.reports.store import Whose
from tianji_control.resources.spend import store as ledger
from tianji_control.resources.spend.sights import Seen
from tianji_control.resources.spend.spans import Days
from tianji_control.resources.spend.store import Order

Ask = Callable[[Connection], Awaitable[Any]]

ALL = Seen(sees_all=True, own_key=None, own_user=None, own_teams=[], own_organizations=[])


class Question(Struct, frozen=True):
    """One question; `rolled` says whether it is answered out of the roll-ups."""

    name: str
    ask: Ask
    rolled: bool = True


def key_hash(number: int) -> str:
    """Return the hash of a synthetic key."""
    return (
        hashlib.md5(f"key{number}".encode()).hexdigest() + hashlib.md5(f"hash{number}".encode()).hexdigest()
    )


def questions(last: date) -> list[Question]:
    """List them, about the 30 days that end with the last one."""
    days = Days(last - timedelta(days=29), last)
    one = Seen(sees_all=False, own_key=None, own_user="user-7", own_teams=[], own_organizations=[])
    team = Seen(sees_all=False, own_key=None, own_user=None, own_teams=["team-7"], own_organizations=[])
    return [
        *_activity(days),
        Question("/global/activity", lambda db: counts.activity(db, days, ALL)),
        Question("/global/activity of one user", lambda db: counts.activity(db, days, one)),
        Question("/global/activity of a team's admin", lambda db: counts.activity(db, days, team)),
        Question(
            "/global/activity/cache_hits of a key",
            lambda db: counts.activity(db, days, ALL, Chosen(keys=[key_hash(7)])),
        ),
        Question("/global/activity/exceptions", lambda db: counts.rate_limited(db, days, "model-3")),
        Question("/gateway/errors/activity", lambda db: counts.statuses(db, days)),
        Question("/gateway/errors/activity by key", lambda db: counts.failing(db, days, "key", 25)),
        Question("/global/spend", reports.total),
        Question("/global/spend/logs", lambda db: reports.by_day(db, days)),
        Question("/global/spend/keys", lambda db: reports.keys(db, days, ALL, 100)),
        Question("/global/spend/models", lambda db: reports.models(db, days, ALL, 10)),
        Question("/global/spend/provider", lambda db: reports.providers(db, days, ALL)),
        Question("/global/spend/teams", lambda db: reports.teams_by_day(db, days)),
        Question("/global/spend/tags", lambda db: reports.tags(db, days, ALL)),
        Question("/spend/tags", lambda db: reports.ever(db, "tag", 10_000)),
        Question("/spend/tags of one user", lambda db: reports.tags(db, days, one)),
        Question("/global/spend/end_users", lambda db: reports.customers(db, days, None, 100)),
        Question("/global/spend/report by provider", lambda db: reports.grouped(db, days, "provider")),
        Question("/key/spend/report", lambda db: reports.details(db, days, Whose(key=key_hash(7)))),
        Question("/team/spend/report", lambda db: reports.details(db, days, Whose(team_id="team-7"))),
        Question("/team/spend/by_user", lambda db: reports.users_of_teams(db, days, ["team-7"])),
        Question("/spend/logs by day", lambda db: ledger.days(db, _rows(days, key_hash=key_hash(7)))),
        *_rows_of(days),
    ]


def _activity(days: Days) -> list[Question]:
    def asked(scope: str, ids: list[str] | None, span: Days) -> Ask:
        want = Wanted(scope=scope, since=span.since, until=span.until, ids=ids)

        async def ask(db: Connection) -> Any:
            found = await daily.days_of(db, want)
            return await daily.told_of(db, want, found, 100)

        return ask

    week = Days(days.until - timedelta(days=6), days.until)
    page = Days(days.until - timedelta(days=9), days.until)
    dear = Wanted(scope="team", since=days.since, until=days.until, ids=["team-7"])
    return [
        Question("/team/daily/activity of one team", asked("team", ["team-7"], days)),
        Question("/user/daily/activity of one user", asked("user", ["user-7"], days)),
        Question("/customer/daily/activity of one", asked("end_user", ["customer-7"], days)),
        Question("/tag/daily/activity of one tag, a page of 10 days", asked("tag", ["job-7"], page)),
        Question("/organization/daily/activity of one, a week", asked("organization", ["org-7"], week)),
        Question("/…/aggregated/keys of one team", lambda db: activity.keys(db, dear, limit=50)),
    ]


def _rows_of(days: Days) -> list[Question]:
    """List what rows themselves answer, by their indexes and within their days."""
    day = Days(days.until, days.until)

    def page(name: str, order: Order, **wanted: Any) -> Question:
        span = wanted.pop("span", days)
        return Question(name, lambda db: ledger.logs(db, _rows(span, **wanted), order), rolled=False)

    noon = datetime(days.until.year, days.until.month, days.until.day, 12, tzinfo=UTC)
    after = (noon - timedelta(days=15), UUID(int=0))
    return [
        page("/spend/logs/v2, first page", Order(limit=50)),
        page("/spend/logs/v2 of a key", Order(limit=50), key_hash=key_hash(7)),
        page("/spend/logs/v2 of a team and model", Order(limit=50), team_id="team-7", model_group="model-7"),
        page("/spend/logs/v2, a page 15 days down", Order(limit=50, after=after)),
        page("/spend/logs/v2, one day by spend", Order(limit=50, sort="spend"), team_id="team-7", span=day),
        Question(
            "/spend/logs/v2, counted up to 10,000", lambda db: ledger.count(db, _rows(days), 10_001), False
        ),
    ]


def _rows(span: Days, **wanted: Any) -> ledger.Wanted:
    midnight = datetime(span.since.year, span.since.month, span.since.day, tzinfo=UTC)
    until = midnight + (span.until - span.since) + timedelta(days=1)
    return ledger.Wanted(since=midnight, until=until, sees_all=True, **wanted)
