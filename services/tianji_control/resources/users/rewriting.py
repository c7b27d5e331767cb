"""Changes of many users: read, decided and written together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tianji.domain.snapshot import USER
from tianji.errors import BadRequest, TianjiError
from tianji_control.access import targets
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.settings import store as settings
from tianji_control.resources.users import service, store
from tianji_control.resources.users.store import UserRow
from tianji_control.spent import bases
from tianji_control.written import Written


class Asked(Struct, frozen=True):
    """What is to change of one user, who is named by id or by e-mail address."""

    user_id: str | None
    email: str | None
    said: dict[str, Any]


async def rewrite_all(
    call: Call, change: Change, asked: Sequence[Asked | TianjiError]
) -> list[UserRow | TianjiError]:
    """Change users within a change; say of each what they are now, or why they stay as they are."""
    try:
        async with change.part():
            return await _together(call, change, asked)
    except BadRequest:
        # What nobody shares is another's already: who of them cannot have it shows one after the other.
        return [await _alone(call, change, one) for one in asked]


async def _together(
    call: Call, change: Change, asked: Sequence[Asked | TianjiError]
) -> list[UserRow | TianjiError]:
    good = [one for one in asked if isinstance(one, Asked)]
    emails = [one.email for one in good if one.email and not one.user_id]
    by_email = await store.ids_by_email(change.db, emails)
    ids = sorted({_id_of(one, by_email) for one in good})
    rows = {row.user_id: row for row in await store.by_ids_for_update(change.db, ids)}
    seen = await targets.of_users(change.db, ids)
    rules = (await settings.in_force(change.db)).calls
    results: list[UserRow | TianjiError] = []
    written: list[Written] = []
    spent = {}
    for one in asked:
        try:
            if isinstance(one, TianjiError):
                raise one
            id = _id_of(one, by_email)
            before = rows.get(id)
            if before is None:
                raise service.missing(id)
            row = service.decided(call, before, seen[id], one.said, rules)
            change.compare(USER, before)
        except TianjiError as fault:
            results.append(fault)
        else:
            written.append(Written(USER, id, "user:update", before, row))
            results.append(row)
            rows[id] = row
            if one.said.get("spend") is not None:
                spent[id] = one.said["spend"]
    if written:
        await store.update_all(change.db, [rows[id] for id in sorted({one.id for one in written})])
        await change.note_all(written)
    if spent:
        await bases.begin_anew(change.db, USER, spent)
    return results


async def _alone(call: Call, change: Change, one: Asked | TianjiError) -> UserRow | TianjiError:
    if isinstance(one, TianjiError):
        return one
    try:
        async with change.part():
            return await service.rewrite(call, change, one.user_id, one.email, one.said)
    except TianjiError as fault:
        return fault


def _id_of(one: Asked, by_email: dict[str, str]) -> str:
    email = one.email or ""
    return one.user_id or by_email.get(email, email)
