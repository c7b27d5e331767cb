"""What reports ask of the roll-ups, as the control plane asks it: named, with who asks and for which days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from bench.spend.question import ALL, TEAM, USER, Ask, Question, key_hash

from tianji.store.rows import Connection
from tianji_control.resources.activity import counts, daily, export
from tianji_control.resources.activity import store as activity
from tianji_control.resources.activity.counts import Chosen
from tianji_control.resources.activity.store import Wanted
from tianji_control.resources.exports import store as exports
from tianji_control.resources.reports import store as reports
from tianji_control.resources.reports.store import Whose
from tianji_control.resources.spend.spans import Days

FAILING = ("key", "team", "user", "model")


def questions(last: date) -> list[Question]:
    """List them, about the 30 days that end with the last one."""
    days = Days(last - timedelta(days=29), last)
    return [*_activity(days), *_by_key(days), *_counts(days), *_spend(days), *_reports(days), *_names(days)]


def _activity(days: Days) -> list[Question]:
    """Days and what they are made of: of one, and of all that there are, by pages as they are asked for."""
    page = Days(days.until - timedelta(days=9), days.until)

    def asked(scope: str, ids: list[str] | None, span: Days) -> Ask:
        want = Wanted(scope=scope, since=span.since, until=span.until, ids=ids)

        async def ask(db: Connection) -> Any:
            found = await daily.days_of(db, want)
            return await daily.told_of(db, want, found, daily.SHOWN_KEYS)

        return ask

    return [
        Question("/team/daily/activity of one team", asked("team", ["team-7"], days)),
        Question("/user/daily/activity of one user", asked("user", ["user-7"], days)),
        Question("/customer/daily/activity of one", asked("end_user", ["customer-7"], days)),
        Question("/agent/daily/activity of one, a page of 10 days", asked("agent", ["agent-7"], page)),
        Question("/tag/daily/activity of one tag, a page of 10 days", asked("tag", ["job-7"], page)),
        Question("/organization/daily/activity of one, 10 days", asked("organization", ["org-7"], page)),
        Question("/user/daily/activity of all, a day", asked("user", None, Days(days.until, days.until))),
        Question("/team/daily/activity of all, a day", asked("team", None, Days(days.until, days.until))),
        Question("/agent/daily/activity of all, a day", asked("agent", None, Days(days.until, days.until))),
    ]


def _by_key(days: Days) -> list[Question]:
    def want(scope: str, ids: list[str] | None = None, **more: Any) -> Wanted:
        return Wanted(scope=scope, since=days.since, until=days.until, ids=ids, **more)

    fine = export.FINE["daily_with_models"]
    return [
        Question(
            "/…/aggregated/keys of one team", lambda db: activity.keys(db, want("team", ["team-7"]), limit=50)
        ),
        Question("/…/aggregated/keys of all", lambda db: activity.keys(db, want("user"), limit=50)),
        Question(
            "/…/aggregated/keys of one tag", lambda db: activity.keys(db, want("tag", ["job-7"]), limit=50)
        ),
        Question(
            "/…/aggregated/keys of one agent",
            lambda db: activity.keys(db, want("agent", ["agent-7"]), limit=50),
        ),
        Question("/…/aggregated/search", lambda db: activity.keys_like(db, "key-77", 100)),
        Question(
            "/…/aggregated/search, its sums",
            lambda db: activity.keys(
                db, want("user", keys=[key_hash(number) for number in range(100)]), limit=100
            ),
        ),
        Question(
            "/…/aggregated/model_top_keys",
            lambda db: activity.keys(db, want("user"), limit=5, group="model-7"),
        ),
        Question("/user/…/aggregated/users", lambda db: activity.users(db, want("user"), limit=50, offset=0)),
        Question("/user/…/export, a day", lambda db: activity.exported(db, want("user"), days.until, fine)),
        Question(
            "/customer/…/export, a day",
            lambda db: activity.exported(db, want("end_user"), days.until, fine),
        ),
        Question("/agent/…/export, a day", lambda db: activity.exported(db, want("agent"), days.until, fine)),
        Question("/focus/export, a day", lambda db: exports.charges(db, Days(days.until, days.until))),
    ]


def _counts(days: Days) -> list[Question]:
    async def failing(db: Connection) -> None:
        for kind in FAILING:
            rows = await counts.failing(db, days, kind, 25)
            await counts.worst(db, days, kind, [row.id for row in rows])

    return [
        Question("/global/activity", lambda db: counts.activity(db, days, ALL)),
        Question("/global/activity of one user", lambda db: counts.activity(db, days, USER)),
        Question("/global/activity of a team's admin", lambda db: counts.activity(db, days, TEAM)),
        Question(
            "/global/activity/cache_hits of a key",
            lambda db: counts.activity(db, days, ALL, Chosen(keys=[key_hash(7)])),
        ),
        Question(
            "/global/activity/cache_hits, failures", lambda db: counts.failures(db, days, ALL, Chosen())
        ),
        Question("/global/activity/cache_hits, names", lambda db: counts.key_aliases(db, days, ALL, 1000)),
        Question("/global/activity/exceptions", lambda db: counts.rate_limited(db, days, "model-3")),
        Question("/gateway/…/activity, statuses", lambda db: counts.statuses(db, days)),
        Question("/gateway/errors/activity, whose", failing),
    ]


def _spend(days: Days) -> list[Question]:
    return [
        Question("/global/spend", reports.total),
        Question("/global/spend/logs", lambda db: reports.by_day(db, days)),
        Question("/global/spend/logs of one user", lambda db: reports.by_key_and_day(db, days, USER, None)),
        Question("/global/spend/keys", lambda db: reports.keys(db, days, ALL, 100)),
        Question("/global/spend/keys of a team's admin", lambda db: reports.keys(db, days, TEAM, 100)),
        Question("/global/spend/models", lambda db: reports.things(db, "upstream", days, ALL, limit=10)),
        Question("/global/spend/models of one user", lambda db: reports.things(db, "upstream", days, USER)),
        Question("/global/spend/provider", lambda db: reports.things(db, "provider", days, ALL)),
        Question("/global/spend/teams", lambda db: reports.teams_by_day(db, days)),
        Question("/global/spend/tags", lambda db: reports.tags(db, days, ALL)),
        Question("/spend/tags", lambda db: reports.ever(db, "tag", 10_000)),
        Question("/spend/tags of one user", lambda db: reports.tags(db, days, USER)),
        Question("/tag/summary", lambda db: reports.tag_summaries(db, days, None, None, 10_000)),
        Question("/global/spend/end_users", lambda db: reports.customers(db, days, None, 100)),
        Question(
            "/global/spend/end_users of a key", lambda db: reports.customers(db, days, key_hash(7), 100)
        ),
        Question("/spend/keys", lambda db: reports.spenders(db, "key", None, 1000)),
        Question("/spend/users", lambda db: reports.spenders(db, "user", None, 1000)),
    ]


def _reports(days: Days) -> list[Question]:
    def of(name: str, **whose: str) -> Question:
        return Question(name, lambda db: reports.details(db, days, Whose(**whose)))

    week = Days(days.until - timedelta(days=6), days.until)
    return [
        of("/key/spend/report", key=key_hash(7)),
        of("/user/spend/report", user_id="user-7"),
        of("/team/spend/report", team_id="team-7"),
        of("/organization/spend/report", organization_id="org-7"),
        of("/global/spend/report by api_key"),
        Question("/global/spend/report of a team", lambda db: reports.team_entries(db, days, "team-7")),
        Question("/global/spend/report by team, a week", lambda db: reports.team_entries(db, week, None)),
        Question(
            "/global/spend/report of a customer",
            lambda db: reports.customer_entries(db, days, "customer-7", None),
        ),
        Question(
            "/global/spend/report by customer, a day",
            lambda db: reports.customer_entries(db, Days(days.until, days.until), None, None),
        ),
        Question("/global/spend/report by provider", lambda db: reports.things(db, "provider", days)),
        Question("/team/spend/by_user", lambda db: reports.users_of_teams(db, days, ["team-7"])),
    ]


def _names(days: Days) -> list[Question]:
    found = [Question("/global/all_end_users", lambda db: reports.ever(db, "end_user", 10_000))]
    for kind in ("user", "end_user"):
        for who, seen in (("all", ALL), ("one user", USER)):
            found.append(
                Question(
                    f"/management/v1/spend_logs/{kind}s of {who}",
                    lambda db, kind=kind, seen=seen: reports.used(db, kind, days, seen, None, 50, 0),  # type: ignore[misc]
                )
            )
    return found
