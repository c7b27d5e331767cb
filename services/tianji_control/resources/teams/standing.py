"""Members of teams with what they have spent there."""

from __future__ import annotations

from typing import Any

from tianji.store.rows import Connection
from tianji_control.resources.teams.shown import membership
from tianji_control.resources.teams.store import MemberRow
from tianji_control.spent import figures


async def memberships(db: Connection, members: list[MemberRow]) -> list[dict[str, Any]]:
    """Return memberships as answers show them, in this order."""
    now = await figures.of_members(db, [_id(row) for row in members])
    return [membership(row, now[_id(row)]) for row in members]


def _id(row: MemberRow) -> str:
    return f"{row.team_id}:{row.user_id}"
