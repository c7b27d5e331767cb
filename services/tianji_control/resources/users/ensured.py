"""Users who are named as members, by id or by e-mail address: who is not there yet is made."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from tianji.domain.snapshot import USER
from tianji.errors import BadRequest
from tianji_control.change import Change
from tianji_control.resources.users import store
from tianji_control.resources.users.store import UserRow
from tianji_control.written import Written

Name = tuple[str | None, str | None]
"""An id, and an e-mail address, which says who is meant where there is no id."""


async def ensure(change: Change, user_id: str | None, email: str | None) -> UserRow:
    """Return the user with this id or e-mail address; make one when there is none yet."""
    [row] = await ensure_all(change, [(user_id, email)])
    return row


async def ensure_all(change: Change, named: Sequence[Name]) -> list[UserRow]:
    """Return these users, in this order; make those that are not there yet."""
    if not all(user_id or email for user_id, email in named):
        raise BadRequest("A member needs a user_id or a user_email", param="members_with_roles")
    emails = [email for user_id, email in named if email and not user_id]
    by_email = await store.ids_by_email(change.db, emails)
    ids = [*(user_id for user_id, _ in named if user_id), *by_email.values()]
    rows = {row.user_id: row for row in await store.by_ids(change.db, ids)}
    made: list[UserRow] = []
    found: list[UserRow] = []
    for user_id, email in named:
        id = user_id or by_email.get(email or "") or _made_with(made, email) or str(uuid.uuid4())
        if id not in rows:
            rows[id] = _new(change, id, email)
            made.append(rows[id])
        found.append(rows[id])
    if made:
        await store.insert_all(change.db, made)
        await change.note_all([Written(USER, row.user_id, "user:new", after=row) for row in made])
    return found


def _made_with(made: Sequence[UserRow], email: str | None) -> str | None:
    """Return the id of the user who was made for this address a moment ago."""
    same = (email or "").lower()
    return next((row.user_id for row in made if (row.email or "").lower() == same), None)


def _new(change: Change, user_id: str, email: str | None) -> UserRow:
    now, by = datetime.now(UTC), change.actor.name
    return UserRow(user_id=user_id, email=email, created_at=now, created_by=by, updated_at=now, updated_by=by)
