"""The rules of invitations.

Who holds an invitation's id becomes the user, so that nobody invites who is mightier than themselves,
and the audit log tells of invitations without their ids.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import msgspec

from tianji.domain.snapshot import USER
from tianji.errors import BadRequest, PermissionDenied
from tianji_control.access.permits import everywhere
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.invitations import store
from tianji_control.resources.invitations.store import InvitationRow
from tianji_control.resources.users import service as users

VALID = timedelta(days=7)


async def create(call: Call, user_id: str) -> InvitationRow:
    """Invite a user who is there."""
    now = datetime.now(UTC)
    by = call.actor.name
    async with call.change() as change:
        await users.locked(call, change, user_id, "invitation:create")
        row = InvitationRow(
            id=str(uuid.uuid4()),
            user_id=user_id,
            expires_at=now + VALID,
            created_at=now,
            created_by=by,
            updated_at=now,
            updated_by=by,
        )
        await store.insert(change.db, row)
        await change.record(USER, user_id, "user:invite")
    return row


async def find(call: Call, id: str) -> InvitationRow:
    """Return an invitation."""
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, id)
    if row is None:
        raise missing()
    return row


async def accept(call: Call, id: str, accepted: bool) -> InvitationRow:
    """Say of an invitation whether it was accepted."""
    now = datetime.now(UTC)
    async with call.change() as change:
        before = await _locked(change, id)
        row = msgspec.structs.replace(
            before, is_accepted=accepted, accepted_at=now, updated_at=now, updated_by=call.actor.name
        )
        await store.update(change.db, row)
        await change.record(USER, row.user_id, "user:invitation_update")
    return row


async def delete(call: Call, id: str) -> InvitationRow:
    """Withdraw an invitation: any of them a proxy admin, others those that they have made."""
    call.sight("invitation:delete")
    async with call.change() as change:
        row = await _locked(change, id)
        if not everywhere(call.actor, "invitation:delete") and row.created_by != call.actor.name:
            raise PermissionDenied("Only a proxy admin withdraws what others have sent", type="auth_error")
        await store.delete(change.db, id)
        await change.record(USER, row.user_id, "user:invitation_delete")
    return row


async def _locked(change: Change, id: str) -> InvitationRow:
    row = await store.by_id_for_update(change.db, id)
    if row is None:
        raise missing()
    return row


def missing() -> BadRequest:
    """Say that there is no such invitation."""
    message = "Invitation id does not exist in the database."
    return BadRequest(message, type="bad_request_error", param="invitation_id")
