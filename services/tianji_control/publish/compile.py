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
from tianji.domain.snapshot import CUSTOMER, DEPLOYMENT, KEY, ORGANIZATION, SETTINGS, TEAM, USER, Settings
from tianji.domain.tenants import CustomerRecord, OrganizationRecord, TeamRecord, UserRecord
from tianji.store.queries import Queries, Query
from tianji.store.rows import Connection, many

Q = Queries.beside(__file__)

PAGE = 1000


class KeyRow(Struct, frozen=True):
    """What a KeyRecord is made of."""

    hash: str
    name: str
    alias: str | None
    user_id: str | None
    team_id: str | None
    organization_id: str | None
    project_id: str | None
    models: list[str]
    aliases: dict[str, str]
    allowed_routes: list[str]
    blocked: bool
    expires: datetime | None
    max_budget: Decimal | None
    spend: Decimal
    tpm_limit: int | None
    rpm_limit: int | None
    max_parallel_requests: int | None
    metadata: dict[str, Any]
    config: dict[str, Any]
    permissions: dict[str, Any]


class TeamRow(Struct, frozen=True):
    """What a TeamRecord is made of."""

    id: str
    alias: str | None
    organization_id: str | None
    models: list[str]
    aliases: dict[str, str]
    blocked: bool
    max_budget: Decimal | None
    tpm_limit: int | None
    rpm_limit: int | None
    metadata: dict[str, Any]


class UserRow(Struct, frozen=True):
    """What a UserRecord is made of."""

    id: str
    email: str | None
    role: str
    models: list[str]
    blocked: bool
    max_budget: Decimal | None
    tpm_limit: int | None
    rpm_limit: int | None
    metadata: dict[str, Any]


class OrganizationRow(Struct, frozen=True):
    """What an OrganizationRecord is made of."""

    id: str
    alias: str | None
    models: list[str]
    blocked: bool
    max_budget: Decimal | None
    tpm_limit: int | None
    rpm_limit: int | None
    max_parallel_requests: int | None
    metadata: dict[str, Any]


class CustomerRow(Struct, frozen=True):
    """What a CustomerRecord is made of."""

    id: str
    models: list[str]
    blocked: bool


class DeploymentRow(Struct, frozen=True):
    """What a Deployment is made of."""

    id: str
    model_name: str
    provider: str
    model: str
    params: dict[str, Any]
    secrets: dict[str, str]
    info: dict[str, Any]
    team_id: str | None
    source: str
    blocked: bool
    created_at: datetime
    updated_at: datetime


class SettingsRow(Struct, frozen=True):
    """What Settings are made of."""

    id: str
    router: dict[str, Any]
    calls: dict[str, Any]
    general: dict[str, Any]
    master_key_hash: str | None
    environment: dict[str, str]


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
    DEPLOYMENT: Source(Q.deployments_by_id, Q.deployments_after, DeploymentRow, Deployment),
    SETTINGS: Source(Q.settings_by_id, Q.settings_after, SettingsRow, Settings),
}

_encoder = msgspec.json.Encoder(order="sorted")


async def records(db: Connection, kind: str, ids: Iterable[str]) -> dict[str, bytes | None]:
    """Return the record of each object of a kind by its id; None for one that is not there (any more)."""
    source = SOURCES[kind]
    wanted = sorted(set(ids))
    found: dict[str, bytes | None] = dict.fromkeys(wanted)
    for row in await many(db, source.rows, source.row, ids=wanted):
        found[getattr(row, source.id)] = _encoder.encode(_record(row, source.record))
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


def _record(row: Struct, record: type[Struct]) -> Struct:
    known = set(record.__struct_fields__)
    fields = {name: _plain(getattr(row, name)) for name in row.__struct_fields__ if name in known}
    return record(**fields)


def _plain(value: Any) -> Any:
    """Return a value as records hold it: times as seconds since 1970, money as text."""
    if isinstance(value, datetime):
        return value.timestamp()
    return format(value, "f") if isinstance(value, Decimal) else value
