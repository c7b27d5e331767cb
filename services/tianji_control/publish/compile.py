"""From rows to the records that gateways hold, as bytes that are equal for equal rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.deployments import Deployment
from tianji.domain.keys import KeyRecord
from tianji.domain.snapshot import (
    CUSTOMER,
    DEPLOYMENT,
    KEY,
    ORGANIZATION,
    PRICES,
    PROJECT,
    SETTINGS,
    TAG,
    TEAM,
    USER,
    Prices,
    Settings,
)
from tianji.domain.tenants import (
    CustomerRecord,
    OrganizationRecord,
    ProjectRecord,
    TagRecord,
    TeamRecord,
    UserRecord,
)
from tianji.store.queries import Queries, Query
from tianji.store.rows import Connection, many
from tianji_control.publish.limited import limits_fields
from tianji_control.publish.rows import (
    CustomerRow,
    DeploymentRow,
    KeyRow,
    OrganizationRow,
    PricesRow,
    ProjectRow,
    SettingsRow,
    TagRow,
    TeamRow,
    UserRow,
)

Q = Queries.beside(__file__)

PAGE = 1000


class Source(Struct, frozen=True):
    """Where records of one kind come from: rows by id, and all ids page by page."""

    rows: Query
    after: Query
    row: type[Struct]
    record: type[Struct]
    id: str = "id"


SOURCES = {
    KEY: Source(Q.keys_by_hash, Q.keys_after, KeyRow, KeyRecord, id="hash"),
    TEAM: Source(Q.teams_by_id, Q.teams_after, TeamRow, TeamRecord),
    USER: Source(Q.users_by_id, Q.users_after, UserRow, UserRecord),
    ORGANIZATION: Source(Q.organizations_by_id, Q.organizations_after, OrganizationRow, OrganizationRecord),
    CUSTOMER: Source(Q.customers_by_id, Q.customers_after, CustomerRow, CustomerRecord),
    PROJECT: Source(Q.projects_by_id, Q.projects_after, ProjectRow, ProjectRecord),
    DEPLOYMENT: Source(Q.deployments_by_id, Q.deployments_after, DeploymentRow, Deployment),
    PRICES: Source(Q.prices_by_id, Q.prices_after, PricesRow, Prices),
    SETTINGS: Source(Q.settings_by_id, Q.settings_after, SettingsRow, Settings),
    TAG: Source(Q.tags_by_name, Q.tags_after, TagRow, TagRecord, id="name"),
}

_encoder = msgspec.json.Encoder(order="sorted")


async def records(db: Connection, kind: str, ids: Iterable[str]) -> dict[str, bytes | None]:
    """Return the record of each object of a kind by its id; None for one that is not there (any more)."""
    source = SOURCES[kind]
    wanted = sorted(set(ids))
    found: dict[str, bytes | None] = dict.fromkeys(wanted)
    for row in await many(db, source.rows, source.row, ids=wanted):
        record = _record(row, source.record)
        found[getattr(row, source.id)] = None if record is None else _encoder.encode(record)
    return found


async def all_records(db: Connection, kind: str) -> AsyncIterator[dict[str, bytes | None]]:
    """Go through all records of a kind, page by page."""
    after = ""
    while True:
        page = await many(db, SOURCES[kind].after, dict[str, str], after=after, limit=PAGE)
        if not page:
            return
        ids = [value for row in page for value in row.values()]
        yield await records(db, kind, ids)
        after = ids[-1]


def _record(row: Struct, record: type[Struct]) -> Struct | None:
    """Make a record of a row; None for a tag that nothing limits, which no gateway need know."""
    known = set(record.__struct_fields__)
    fields = {name: _plain(getattr(row, name)) for name in row.__struct_fields__ if name in known}
    fields |= limits_fields(row)
    if record is TagRecord and fields["limits"] is None:
        return None
    return record(**fields)


def _plain(value: Any) -> Any:
    """Return a value as records hold it: times as seconds since 1970, money as text."""
    if isinstance(value, datetime):
        return value.timestamp()
    return format(value, "f") if isinstance(value, Decimal) else value
