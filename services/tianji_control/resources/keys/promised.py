"""Keys whose throughput is guaranteed: their team, and their organization, must have it to give."""

from __future__ import annotations

from tianji.store.rows import Connection
from tianji_control.promises import alone, check_promise, is_guaranteed, same_promise, to_keys
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.organizations import store as organizations
from tianji_control.resources.teams import store as teams


async def check_promised(db: Connection, before: KeyRow | None, row: KeyRow) -> None:
    """Refuse a key that is promised more than its team or organization has left to promise."""
    if not is_guaranteed(row):
        return
    moved = before is None or (before.team_id, before.organization_id) != (row.team_id, row.organization_id)
    if before is not None and not moved and same_promise(before, row):
        return
    if row.team_id is not None:
        await alone(db, f"team:{row.team_id}")
        team = await teams.by_id(db, row.team_id)
        if team is not None:
            promised = await to_keys(db, but=row.hash, team_id=row.team_id)
            check_promise(row, team, promised, what="Key", whose="team")
    if row.organization_id is not None:
        await alone(db, f"organization:{row.organization_id}")
        organization = await organizations.by_id(db, row.organization_id)
        if organization is not None:
            promised = await to_keys(db, but=row.hash, organization_id=row.organization_id)
            check_promise(row, organization, promised, what="Key", whose="organization")
