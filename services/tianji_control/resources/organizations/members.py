"""Who belongs to an organization, and as what."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import ORGANIZATION, USER
from tianji.errors import BadRequest, NotFound, PermissionDenied
from tianji_control.access.permits import everywhere
from tianji_control.access.roles import IN_ORGANIZATION, Role
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.budgets import service as budgets
from tianji_control.resources.organizations import service, store
from tianji_control.resources.organizations.memberships import Membership, whole
from tianji_control.resources.organizations.store import MemberRow
from tianji_control.resources.teams import service as teams
from tianji_control.resources.teams import store as team_store
from tianji_control.resources.teams.members import user_of
from tianji_control.resources.users.ensured import ensure
from tianji_control.resources.users.store import UserRow
from tianji_control.spent import bases
from tianji_control.spent.holders import ORGANIZATION_MEMBER

STORED = {"owner": "org_owner", "admin": "org_admin", "member": "org_member", "viewer": "org_viewer"}
"""Short names of roles, and those that are kept."""


class OrganizationMember(Struct, kw_only=True):
    """A member to be, by id or e-mail address."""

    role: str = "internal_user"
    user_id: str | None = None
    user_email: str | None = None


class MemberAdd(Struct, kw_only=True):
    """The body of `/organization/member_add`; a single member may also be named outside of `member`."""

    organization_id: str | None = None
    member: list[OrganizationMember] | OrganizationMember | None = None
    max_budget_in_organization: Decimal | None = None
    user_id: str | None = None
    user_email: str | None = None
    role: str = "internal_user"


class MemberUpdate(Struct, kw_only=True):
    """The body of `/organization/member_update`."""

    organization_id: str
    user_id: str | None = None
    user_email: str | None = None
    max_budget_in_organization: Decimal | None = None
    role: str | None = None


async def add(call: Call, organization_id: str, ask: MemberAdd) -> list[tuple[UserRow, Membership]]:
    """Add members, or give members another role; who is not there yet is made a user."""
    single = OrganizationMember(role=ask.role, user_id=ask.user_id, user_email=ask.user_email)
    wanted = ask.member if isinstance(ask.member, list) else [ask.member or single]
    now = datetime.now(UTC)
    joined: list[tuple[UserRow, MemberRow]] = []
    async with call.change() as change:
        await service.locked(call, change, organization_id, "organization:members")
        for one in wanted:
            user = await ensure(change, one.user_id, one.user_email)
            before = await store.member(change.db, organization_id, user.user_id)
            row = MemberRow(
                organization_id=organization_id,
                user_id=user.user_id,
                user_email=user.email,
                role=_role(call, organization_id, one.role, before),
                budget_id=await _budget(change, before, ask.max_budget_in_organization),
                created_at=before.created_at if before else now,
                updated_at=now,
            )
            await _save(change, row)
            await change.record(ORGANIZATION, organization_id, "org:member_add", before=before, after=row)
            joined.append((user, row))
        shown = await whole(change.db, [row for _, row in joined])
    return [(user, one) for (user, _), one in zip(joined, shown, strict=True)]


async def update(call: Call, ask: MemberUpdate) -> Membership:
    """Change the role of a member, or what they may spend."""
    async with call.change() as change:
        await service.locked(call, change, ask.organization_id, "organization:members")
        user_id = await user_of(change, ask.user_id, ask.user_email)
        before = await store.member(change.db, ask.organization_id, user_id)
        if before is None:
            raise _no_member(user_id, ask.organization_id)
        row = msgspec.structs.replace(
            before,
            role=_role(call, ask.organization_id, ask.role or before.role, before),
            budget_id=await _budget(change, before, ask.max_budget_in_organization),
            updated_at=datetime.now(UTC),
        )
        await _save(change, row)
        await change.record(ORGANIZATION, ask.organization_id, "org:member_update", before=before, after=row)
        [shown] = await whole(change.db, [row])
    return shown


async def remove(call: Call, organization_id: str, user_id: str | None, user_email: str | None) -> Membership:
    """Take a member out of an organization and of its teams, with the keys that they have there."""
    async with call.change() as change:
        await service.locked(call, change, organization_id, "organization:members")
        gone = await user_of(change, user_id, user_email)
        before = await store.member(change.db, organization_id, gone)
        if before is None:
            raise _no_member(gone, organization_id)
        [shown] = await whole(change.db, [before])
        _role(call, organization_id, before.role, before)
        for team in await team_store.of_organization(change.db, organization_id):
            await teams.drop_keys(change, team.team_id, gone)
            await team_store.remove_member(change.db, team.team_id, gone)
        await store.remove_member(change.db, organization_id, gone)
        await change.tell(USER, gone)
        await change.record(ORGANIZATION, organization_id, "org:member_delete", before=before)
    return shown


async def _budget(change: Change, before: MemberRow | None, most: Decimal | None) -> str | None:
    """Return the budget of a member, made or changed where a request says how much it is."""
    held = before.budget_id if before is not None else None
    return await budgets.held_to(change, held, {} if most is None else {"max_budget": most})


async def _save(change: Change, row: MemberRow) -> None:
    """Write a member whose budget counts what they spent in the organization before."""
    await store.save_member(change.db, row)
    await change.tell(USER, row.user_id)
    if row.budget_id is not None:
        await bases.top_up(change.db, ORGANIZATION_MEMBER, f"{row.organization_id}:{row.user_id}")


def _role(call: Call, organization_id: str, name: str, before: MemberRow | None) -> str:
    """Return the role to be kept; only an owner makes owners, or changes one."""
    if name not in IN_ORGANIZATION:
        message = f"role is {name!r}; it must be one of {', '.join(IN_ORGANIZATION)}"
        raise BadRequest(message, type="bad_request_error", param="role")
    owners = Role.ORG_OWNER in (IN_ORGANIZATION[name], IN_ORGANIZATION.get(before.role) if before else None)
    one = call.actor.organizations.get(organization_id) is Role.ORG_OWNER
    if owners and not one and not everywhere(call.actor, "organization:members"):
        raise PermissionDenied("Only an owner of the organization makes owners, or changes one")
    return STORED.get(name, name)


def _no_member(user_id: str, organization_id: str) -> NotFound:
    return NotFound(f"The user {user_id} is not in the organization {organization_id}", param="user_id")
