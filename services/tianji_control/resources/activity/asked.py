"""What the paths below `/…/daily/activity` are asked, and for whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct, defstruct, field

from tianji.store.rows import Connection
from tianji_control.access.permits import Sight
from tianji_control.call import Call
from tianji_control.resources.activity import store
from tianji_control.resources.activity.store import Wanted
from tianji_control.resources.keys.service import hash_given
from tianji_control.resources.spend.spans import Days, days

NO_KEY = "unattributed"


class Entity(Struct, frozen=True):
    """Whose activity a path tells: the scope of the roll-ups, and the parameters that name some."""

    name: str
    scope: str
    ids: str
    without: str | None = None
    permission: str = "spend:read"


TEAM = Entity("team", "team", "team_ids", "exclude_team_ids")
USER = Entity("user", "user", "user_id")
ORGANIZATION = Entity("organization", "organization", "organization_ids", "exclude_organization_ids")
CUSTOMER = Entity("customer", "end_user", "end_user_ids", "exclude_end_user_ids", "ledger:read")
END_USER = Entity("end_user", "end_user", "end_user_ids", "exclude_end_user_ids", "ledger:read")
TAG = Entity("tag", "tag", "tags", None, "ledger:read")
AGENT = Entity("agent", "agent", "agent_ids", "exclude_agent_ids", "ledger:read")
ENTITIES = (TEAM, USER, ORGANIZATION, CUSTOMER, END_USER, TAG, AGENT)


class Query(Struct, kw_only=True):
    """What all these paths take, beside the names of entities."""

    start_date: str | None = None
    end_date: str | None = None
    model: str | None = None
    api_key: str | None = None
    timezone: int | None = None
    """Minutes behind UTC, as JavaScript tells them."""
    include_current_utc_day: bool = False


class DayPage(Query, kw_only=True):
    """The query of `/…/daily/activity`."""

    page: int = 1
    page_size: int = 10


class Whole(Query, kw_only=True):
    """The query of `/…/aggregated`."""

    api_key_limit: int = 100


class KeyPage(Query, kw_only=True):
    """The query of `/…/aggregated/keys` and `/…/aggregated/users`."""

    offset: int = 0
    limit: int = 50


class KeySearch(Query, kw_only=True):
    """The query of `/…/aggregated/search`."""

    search: str
    limit: int = 100


class TopKeys(Query, kw_only=True):
    """The query of `/…/aggregated/model_top_keys`."""

    model_group: str
    by_model_group: bool = True
    limit: int = 5


class Export(Query, kw_only=True):
    """The query of `/…/export`."""

    export_type: str = "daily"
    file_format: str = field(default="csv", name="format")


def query_of(entity: Entity, kind: type[Query]) -> type[Any]:
    """Make the type of a query that may name entities, too."""
    named = [(name, str | None, None) for name in (entity.ids, entity.without) if name]
    return defstruct(f"{entity.name.title()}{kind.__name__}", named, bases=(kind,), kw_only=True)


async def wanted(db: Connection, call: Call, entity: Entity, ask: Any) -> Wanted:
    """Say which sums are asked for, cut down to what the caller may see."""
    span = _with_today(days(ask.start_date, ask.end_date), ask)
    ids = _ids(getattr(ask, entity.ids))
    sight = call.sight(entity.permission)
    if not sight.all:
        seen = await _seen(db, entity, sight)
        ids = seen if ids is None else [id for id in ids if id in seen]
    return Wanted(
        scope=entity.scope,
        since=span.since,
        until=span.until,
        ids=ids,
        without=_ids(getattr(ask, entity.without)) if entity.without else None,
        model=ask.model,
        keys=_keys(ask.api_key),
    )


async def _seen(db: Connection, entity: Entity, sight: Sight) -> list[str]:
    if entity.scope == "team":
        return [*sight.teams, *await store.teams_of(db, sight.organizations)]
    if entity.scope == "organization":
        return sight.organizations
    return [sight.user_id] if sight.user_id else []


def _with_today(span: Days, ask: Query) -> Days:
    """Take the UTC day in that has begun already, where it is the caller's today that a span ends with."""
    if ask.timezone is None or not ask.include_current_utc_day:
        return span
    now = datetime.now(UTC)
    local: date = (now - timedelta(minutes=ask.timezone)).date()
    return span if span.until < local else Days(span.since, max(span.until, now.date()))


def _ids(given: str | None) -> list[str] | None:
    return [part.strip() for part in given.split(",") if part.strip()] if given else None


def _keys(given: str | None) -> list[str] | None:
    if not given:
        return None
    return [""] if given == NO_KEY else [hash_given(given)]
