"""What is asked of the rows themselves: pages of calls, by their indexes and within their days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from bench.spend.question import Question, key_hash

from tianji.store.rows import Connection, many
from tianji_control.resources.spend import caching, store
from tianji_control.resources.spend.pages import MOST_COUNTED
from tianji_control.resources.spend.spans import Days
from tianji_control.resources.spend.store import Order

PAGE = Order(limit=50)


def calls(first: date, last: date) -> list[Question]:
    """List the questions, about the 30 days that end with the last one."""
    days = Days(last - timedelta(days=29), last)
    return [
        *_summed(days),
        *_pages(days),
        *_filtered(days),
        *_rare(days),
        *_single(days, f"session-{first}0"),
    ]


def _summed(days: Days) -> list[Question]:
    """What `/spend/logs` answers where both days are named: out of the roll-ups, too."""

    def of(name: str, **wanted: Any) -> Question:
        return Question(f"/spend/logs by day{name}", lambda db: store.days(db, _wanted(days, **wanted)))

    return [
        of(""),
        of(" of a key", key_hash=key_hash(7)),
        of(" of a user", user_id="user-7"),
        of(" of a team", team_id="team-7"),
        of(" of a model", model="model-7"),
    ]


def _pages(days: Days) -> list[Question]:
    noon = datetime(days.until.year, days.until.month, days.until.day, 12, tzinfo=UTC)
    after = (noon - timedelta(days=15), UUID(int=0))
    day = Days(days.until, days.until)
    return [
        _page("first page", days),
        _page("first page of all that ever was", None),
        _page("page 200", days, Order(limit=50, offset=199 * 50)),
        _page("behind a cursor 15 days down", days, Order(limit=50, after=after)),
        _page("the oldest first", days, Order(limit=50, descending=False)),
        _page("a team's day by spend", day, Order(limit=50, sort="spend"), sorts=True, team_id="team-7"),
        _counted("of all", days),
        _counted("of an organization's admin", days, sees_all=False, own_organizations=["org-7"]),
        _counted("of an admin of nothing", days, sees_all=False, own_teams=["none"]),
    ]


def _filtered(days: Days) -> list[Question]:
    return [
        _page("of a key", days, key_hash=key_hash(7)),
        _page("of a user", days, user_id="user-7"),
        _page("of a team", days, team_id="team-7"),
        _page("of a customer", days, end_user="customer-7"),
        _page("of a model", days, model="model-7"),
        _page("of a team and model", days, team_id="team-7", model_group="model-7"),
        _page("of a tag", days, tag="job-7"),
        _page("that failed", days, status="failure"),
        _page("that failed with 429", days, status="failure", http_status=429),
        _page("that cost more than a cent", days, sorts=True, min_spend=0.01),
        _page("of an organization's admin", days, sees_all=False, own_organizations=["org-7"]),
        _page("of a user and a team's admin", days, sees_all=False, own_user="user-7", own_teams=["team-7"]),
    ]


def _rare(days: Days) -> list[Question]:
    """Pages of what there is none of: all that could be it is looked at."""
    return [
        _page("of no model", days, model="none"),
        _page("of no tag", days, tag="none"),
        _page("of no session", days, session_id="none"),
        _page("that were interrupted", days, status="interrupted"),
        _page("that failed with 418", days, status="failure", http_status=418),
        _page("of a user who called nothing", days, sees_all=False, own_user="none", own_key="none"),
        _page("of an admin of nothing", days, sees_all=False, own_organizations=["none"], own_teams=["none"]),
        _page("searched in vain", days, search="none"),
    ]


def _single(days: Days, session_id: str) -> list[Question]:
    async def session(db: Connection) -> None:
        found = await store.logs(db, _wanted(None, session_id=session_id), PAGE)
        await store.sessions(db, [session_id], sorted({row.key_hash for row in found}))

    async def cached(db: Connection) -> None:
        span = _wanted(days)
        given = {"hits": False, "injected": False, "after_time": None, "after_id": None, "limit": 51}
        await many(db, store.Q.cached_calls, caching.CachedCall, since=span.since, until=span.until, **given)

    return [
        _page("one call by its answer's id", None, request_id="chatcmpl-7"),
        _page("one call by its id", None, request_id=str(UUID(int=7)), call_id=UUID(int=7)),
        _page("searched by any id", days, sorts=True, search="customer-7"),
        Question("/spend/logs/session/ui", session, False),
        Question("/cost_optimization/prompt_caching/requests", cached, False),
    ]


def _page(
    name: str, span: Days | None, order: Order = PAGE, *, sorts: bool = False, **wanted: Any
) -> Question:
    async def ask(db: Connection) -> None:
        await store.logs(db, await store.settled(db, _wanted(span, **wanted)), order)

    return Question(f"/spend/logs/v2, {name}", ask, False, sorts=sorts)


def _counted(name: str, span: Days, **wanted: Any) -> Question:
    asked = _wanted(span, **wanted)
    named = f"/spend/logs/v2, {name}, counted up to {MOST_COUNTED:,}"
    most = MOST_COUNTED + 1
    return Question(named, lambda db: store.count(db, asked, most), False, counts=most)


def _wanted(span: Days | None, **wanted: Any) -> store.Wanted:
    if span is None:
        return store.Wanted(**({"sees_all": True} | wanted))
    midnight = datetime(span.since.year, span.since.month, span.since.day, tzinfo=UTC)
    until = midnight + (span.until - span.since) + timedelta(days=1)
    return store.Wanted(since=midnight, until=until, **({"sees_all": True} | wanted))
