"""The rules of organizations."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import ORGANIZATION, TEAM
from tianji.errors import BadRequest, NotFound
from tianji.store.rows import Connection
from tianji_control.access.targets import of_organization
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.limits import raises_budget
from tianji_control.resources.budgets import service as budgets
from tianji_control.resources.keys import service as keys
from tianji_control.resources.keys import store as key_store
from tianji_control.resources.organizations import store
from tianji_control.resources.organizations.fields import LIMITS, OrganizationFields, columns
from tianji_control.resources.organizations.memberships import Membership
from tianji_control.resources.organizations.memberships import whole as memberships
from tianji_control.resources.organizations.store import OrganizationRow, Wanted
from tianji_control.resources.teams import service as teams
from tianji_control.resources.teams import store as team_store
from tianji_control.resources.teams.store import TeamRow
from tianji_control.spent import figures, resets


class Organization(Struct, frozen=True):
    """An organization with what belongs to it."""

    row: OrganizationRow
    members: list[Membership]
    teams: list[tuple[TeamRow, Decimal]]
    """Each with what it has spent."""
    spend: Decimal


async def create(call: Call, ask: OrganizationFields) -> OrganizationRow:
    """Make an organization."""
    call.require("organization:create")
    said = {name: getattr(ask, name) for name in OrganizationFields.__struct_fields__}
    if not (ask.organization_alias or ask.name):
        message = "organization_alias names the organization; it is missing"
        raise BadRequest(message, type="bad_request_error", param="organization_alias")
    now = datetime.now(UTC)
    async with call.change() as change:
        await budgets.check_named(change.db, said)
        row = OrganizationRow(
            organization_id=ask.organization_id or ask.slug or str(uuid.uuid4()),
            created_at=now,
            created_by=call.actor.name,
            updated_at=now,
            updated_by=call.actor.name,
            **await resets.begun(change.db, said, now),
            **columns(said, {}, {}),
        )
        await store.insert(change.db, row)
        await change.note(ORGANIZATION, row.organization_id, "org:create", after=row)
    return row


async def update(call: Call, organization_id: str, said: dict[str, Any]) -> Organization:
    """Change what a request names of an organization."""
    async with call.change() as change:
        before = await locked(call, change, organization_id, "organization:update")
        named = any(said[name] != getattr(before, name, None) for name in LIMITS if name in said)
        if named or raises_budget(said, before.metadata):
            call.require("organization:limit", of_organization(organization_id))
        await budgets.check_named(change.db, said, {"budget_id": before.budget_id})
        now = datetime.now(UTC)
        row = msgspec.structs.replace(
            before,
            updated_at=now,
            updated_by=call.actor.name,
            **await resets.begun(change.db, said, before.created_at),
            **columns(said, before.metadata, before.extra),
        )
        await store.update(change.db, row)
        await change.note(ORGANIZATION, organization_id, "org:update", before=before, after=row)
        [whole] = await _whole(change.db, [row])
    return whole


async def delete(call: Call, ids: list[str]) -> list[Organization]:
    """Delete all these organizations with their teams and keys or, when one is not there, none."""
    gone: list[Organization] = []
    async with call.change() as change:
        for id in sorted(set(ids)):
            row = await locked(call, change, id, "organization:delete")
            gone += await _whole(change.db, [row])
            hashes = await store.key_hashes(change.db, id)
            await keys.remove(change, await key_store.by_hashes_for_update(change.db, hashes))
            for team in await team_store.of_organization(change.db, id):
                await teams.remove(change, team)
            await change.keep(ORGANIZATION, id, row)
            await store.delete(change.db, id)
            await change.note(ORGANIZATION, id, "org:delete", before=row)
    return gone


async def find(call: Call, ids: list[str]) -> list[Organization]:
    """Return these organizations with members and teams."""
    async with call.runtime.store.connection() as db:
        rows: list[OrganizationRow] = []
        for id in ids:
            row = await store.by_id(db, id)
            if row is None:
                raise missing(id)
            call.require("organization:read", of_organization(id))
            rows.append(row)
        return await _whole(db, rows)


async def listed(call: Call, wanted: Wanted) -> list[Organization]:
    """List the organizations that the caller may see."""
    sight = call.sight("organization:read")
    async with call.runtime.store.connection() as db:
        return await _whole(db, await store.listed(db, wanted, sight))


async def locked(call: Call, change: Change, id: str, permission: str) -> OrganizationRow:
    """Return an organization that nobody else writes until the change ends; require the permission."""
    row = await store.by_id_for_update(change.db, id)
    if row is None:
        raise missing(id)
    call.require(permission, of_organization(id))
    return row


def missing(id: str) -> NotFound:
    """Say that there is no such organization."""
    return NotFound(f"There is no organization {id}", param="organization_id")


async def _whole(db: Connection, rows: list[OrganizationRow]) -> list[Organization]:
    ids = [row.organization_id for row in rows]
    members: dict[str, list[Membership]] = {id: [] for id in ids}
    for member in await memberships(db, await store.members_of(db, ids)):
        members[member.row.organization_id].append(member)
    spent, now = await figures.of(db, ORGANIZATION, ids)
    teams_of = await _teams_of(db, ids)
    return [
        Organization(figures.as_of(row, now.get(id)), members[id], teams_of[id], spent.get(id, Decimal(0)))
        for id, row in zip(ids, rows, strict=True)
    ]


async def _teams_of(db: Connection, ids: list[str]) -> dict[str, list[tuple[TeamRow, Decimal]]]:
    teams_of = await team_store.of_organizations(db, ids)
    spent, now = await figures.of(db, TEAM, [row.team_id for rows in teams_of.values() for row in rows])
    return {
        id: [(figures.as_of(row, now.get(row.team_id)), spent.get(row.team_id, Decimal(0))) for row in rows]
        for id, rows in teams_of.items()
    }
