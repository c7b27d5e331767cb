"""What a team lets its plain members do with its keys."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from starlette.responses import Response

from tianji.domain.snapshot import TEAM
from tianji_control.access import targets
from tianji_control.access.permits import MEMBER_GRANTS
from tianji_control.call import Call
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.teams import service, store
from tianji_control.resources.teams.shown import shown
from tianji_control.resources.teams.store import TeamRow
from tianji_control.spent.totals import total

FIELD = "team_member_permissions"
BY_DEFAULT = ("/key/info", "/key/health")
"""What members may do where the team says nothing: see the keys that they have themselves."""


class WhichTeam(Struct):
    """The query of `/team/permissions_list`."""

    team_id: str


class Granted(Struct):
    """The body of `/team/permissions_update`."""

    team_id: str
    team_member_permissions: list[str]


class GrantedToMany(Struct, kw_only=True):
    """The body of `/team/permissions_bulk_update`."""

    permissions: list[str]
    team_ids: list[str] | None = None
    apply_to_all_teams: bool = False


async def listed(call: Call) -> Response:
    """GET /team/permissions_list: what plain members may do with the team's keys"""
    team_id = call.query(WhichTeam).team_id
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, team_id)
        if row is None:
            raise service.missing(team_id)
        call.require("team:read", await targets.of_team(db, team_id))
    return call.answer(
        {
            "team_id": team_id,
            FIELD: row.extra.get(FIELD) or list(BY_DEFAULT),
            "all_available_permissions": list(MEMBER_GRANTS),
        }
    )


async def update(call: Call) -> Response:
    """POST /team/permissions_update: say what plain members may do with the team's keys"""
    ask = await call.body(Granted)
    _check(ask.team_member_permissions, FIELD)
    async with call.change() as change:
        before = await service.locked(call, change, ask.team_id, "team:update")
        row = _granted(before, ask.team_member_permissions)
        row = await service.saved(change, before, row, "team:permissions_update")
        members, spend = (
            await store.members(change.db, row.team_id),
            await total(change.db, TEAM, row.team_id),
        )
    return call.answer(shown(row, members, spend))


async def bulk_update(call: Call) -> Response:
    """POST /team/permissions_bulk_update: add permissions to many teams at once"""
    ask = await call.body(GrantedToMany)
    _check(ask.permissions, "permissions")
    if not ask.team_ids and not ask.apply_to_all_teams:
        words = "name team_ids, or set apply_to_all_teams"
        raise WrongFields([Fault(["body", "team_ids"], words, "missing")])
    async with call.change() as change:
        ids = await store.all_ids(change.db) if ask.apply_to_all_teams else sorted(set(ask.team_ids or []))
        changed = []
        for before in await service.locked_all(call, change, ids, "team:update"):
            held = before.extra.get(FIELD) or []
            row = _granted(before, [*held, *(name for name in ask.permissions if name not in held)])
            changed.append((before, row))
        await service.save_all(change, changed, "team:permissions_update")
        call.checked_each()
    return call.answer(
        {
            "message": "Successfully updated the permissions of the teams' members",
            "teams_updated": len(ids),
            "permissions_appended": ask.permissions,
        }
    )


def _granted(row: TeamRow, permissions: list[str]) -> TeamRow:
    return msgspec.structs.replace(row, extra=row.extra | {FIELD: permissions})


def _check(permissions: list[str], field: str) -> None:
    for name in permissions:
        if name not in MEMBER_GRANTS:
            words = f"{name!r} is no permission of members; there are {', '.join(MEMBER_GRANTS)}"
            raise WrongFields([Fault(["body", field], words, "enum")])
