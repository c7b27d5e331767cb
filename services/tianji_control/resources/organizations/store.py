"""Organizations and their members, as rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tianji.errors import BadRequest
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, parameters, run, run_unique
from tianji_control.access.permits import Sight

Q = Queries.beside(__file__)


class OrganizationRow(Struct, frozen=True, kw_only=True):
    """One row of the table `organizations`."""

    organization_id: str
    alias: str | None = None
    models: list[str] = []
    blocked: bool = False
    budget_id: str | None = None
    max_budget: Decimal | None = None
    soft_budget: Decimal | None = None
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    tpd_limit: int | None = None
    max_parallel_requests: int | None = None
    model_max_budget: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None


class MemberRow(Struct, frozen=True, kw_only=True):
    """A member of an organization, with the e-mail address of the user."""

    organization_id: str
    user_id: str
    user_email: str | None = None
    role: str
    budget_id: str | None = None
    created_at: datetime
    updated_at: datetime


class Wanted(Struct, frozen=True, kw_only=True):
    """Which organizations a list is about; None where it does not matter."""

    organization_id: str | None = None
    alias: str | None = None
    limit: int | None = None
    offset: int = 0


async def by_id(db: Connection, id: str) -> OrganizationRow | None:
    """Return an organization."""
    return await one(db, Q.organizations_by_id, OrganizationRow, ids=[id])


async def by_id_for_update(db: Connection, id: str) -> OrganizationRow | None:
    """Return an organization and keep others from writing it until the transaction ends."""
    return await one(db, Q.organization_for_update, OrganizationRow, id=id)


async def listed(db: Connection, wanted: Wanted, sight: Sight) -> list[OrganizationRow]:
    """List the organizations that are asked for and seen."""
    return await many(
        db,
        Q.organization_list,
        OrganizationRow,
        **parameters(wanted) | {"alias": f"%{wanted.alias}%" if wanted.alias else None},
        sees_all=sight.all,
        organizations=sight.organizations,
    )


async def insert(db: Connection, row: OrganizationRow) -> None:
    """Add an organization. Raises BadRequest when its id is taken."""
    message = f"There is an organization with the id {row.organization_id!r} already; choose another"
    taken = BadRequest(message, type="bad_request_error", param="organization_id")
    await run_unique(db, Q.insert_organization, taken, row=row)


async def update(db: Connection, row: OrganizationRow) -> None:
    """Write a changed organization."""
    await run(db, Q.update_organization, row=row)


async def delete(db: Connection, id: str) -> None:
    """Remove an organization with its memberships; no team and no key may be in it."""
    await run(db, Q.delete_organization, id=id)


async def members_of(db: Connection, ids: list[str]) -> list[MemberRow]:
    """List the members of organizations in the order they came."""
    return await many(db, Q.members_of_organizations, MemberRow, ids=ids)


async def member(db: Connection, organization_id: str, user_id: str) -> MemberRow | None:
    """Return one member and keep others from writing it until the transaction ends."""
    return await one(db, Q.member_for_update, MemberRow, organization_id=organization_id, user_id=user_id)


async def save_member(db: Connection, row: MemberRow) -> None:
    """Write a member, new or changed; the user must be there."""
    await run(db, Q.save_member, **parameters(row))


async def remove_member(db: Connection, organization_id: str, user_id: str) -> None:
    """Take a member out of an organization."""
    await run(db, Q.remove_member, organization_id=organization_id, user_id=user_id)


async def of_user(db: Connection, user_id: str) -> dict[str, str]:
    """Return what a user is in which organization."""
    rows = await many(db, Q.memberships_of_user, dict[str, str], user_id=user_id)
    return {row["organization_id"]: row["role"] for row in rows}


async def key_hashes(db: Connection, id: str) -> list[str]:
    """List the hashes of keys that are directly in an organization."""
    return [row["hash"] for row in await many(db, Q.keys_of_organization, dict[str, str], id=id)]
