"""Invitations, as rows."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tianji.store.queries import Queries
from tianji.store.rows import Connection, one, parameters, run

Q = Queries.beside(__file__)


class InvitationRow(Struct, frozen=True, kw_only=True):
    """One row of the table `invitations`; who knows its id may act for the user, until it is accepted."""

    id: str
    user_id: str
    is_accepted: bool = False
    accepted_at: datetime | None = None
    expires_at: datetime
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


async def by_id(db: Connection, id: str) -> InvitationRow | None:
    """Return an invitation."""
    return await one(db, Q.invitation_by_id, InvitationRow, id=id)


async def by_id_for_update(db: Connection, id: str) -> InvitationRow | None:
    """Return an invitation and keep others from writing it until the transaction ends."""
    return await one(db, Q.invitation_for_update, InvitationRow, id=id)


async def insert(db: Connection, row: InvitationRow) -> None:
    """Add an invitation."""
    await run(db, Q.insert_invitation, **parameters(row))


async def update(db: Connection, row: InvitationRow) -> None:
    """Write a changed invitation."""
    await run(db, Q.update_invitation, **parameters(row))


async def delete(db: Connection, id: str) -> None:
    """Remove an invitation."""
    await run(db, Q.delete_invitation, id=id)
