"""`/v1/access_group`: groups that grant models to the teams and keys that belong to them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from tianji.domain.keys import hash_of
from tianji.domain.snapshot import KEY, TEAM
from tianji.errors import BadRequest, Conflict, NotFound
from tianji.store.rows import Connection
from tianji_control.call import NOTHING, Call, Guarded
from tianji_control.change import Change
from tianji_control.resources.access_groups import store
from tianji_control.resources.access_groups.store import HOLDERS, GroupRow, Holder

KIND = "access_group"
ONE = "{access_group_id}"
NOT_GRANTED = ("access_mcp_server_ids", "access_agent_ids", "access_skill_names")
ROOTS = ("/v1/access_group", "/v1/unified_access_group")


class GroupFields(Struct, kw_only=True):
    """The body of `PUT /v1/access_group/{id}`; what it does not name stays."""

    access_group_name: str | None = None
    description: str | None = None
    access_model_names: list[str] | None = None
    access_mcp_server_ids: list[str] | None = None
    mcp_tool_permissions: dict[str, list[str]] | None = None
    access_agent_ids: list[str] | None = None
    access_skill_names: list[str] | None = None
    assigned_team_ids: list[str] | None = None
    assigned_key_ids: list[str] | None = None

    def check(self) -> None:
        """Raise BadRequest for what cannot be granted."""
        for name in (*NOT_GRANTED, "mcp_tool_permissions"):
            if getattr(self, name):
                message = f"{name}: MCP servers, agents and skills are not there yet; groups grant models"
                raise BadRequest(message, type="bad_request_error", param=name)


class NewGroup(GroupFields, kw_only=True):
    """The body of `POST /v1/access_group`."""

    access_group_name: str


class GroupShown(Struct, frozen=True, kw_only=True):
    """A group with all that belong to it."""

    access_group_id: str
    access_group_name: str
    description: str | None
    access_model_names: list[str]
    access_mcp_server_ids: list[str]
    mcp_tool_permissions: None
    access_agent_ids: list[str]
    access_skill_names: list[str]
    assigned_team_ids: list[str]
    assigned_key_ids: list[str]
    access_mcp_servers: list[Holder]
    access_agents: list[Holder]
    assigned_teams: list[Holder]
    assigned_keys: list[Holder]
    created_at: datetime | None
    created_by: str | None
    updated_at: datetime | None
    updated_by: str | None


async def create(call: Call) -> Response:
    """POST /v1/access_group"""
    ask = await call.body(NewGroup)
    ask.check()
    row = GroupRow(
        access_group_id=str(uuid.uuid4()),
        name=ask.access_group_name,
        description=ask.description,
        models=ask.access_model_names or [],
        created_by=call.actor.name,
        updated_by=call.actor.name,
    )
    async with call.change() as change:
        await _write(change, row, ask)
        await change.record(KIND, row.access_group_id, "access_group:create", after=row)
        shown = await _shown(change.db, row.access_group_id)
    return call.answer(shown, 201)


async def update(call: Call) -> Response:
    """PUT /v1/access_group/{access_group_id}"""
    ask, said = await call.said(GroupFields)
    ask.check()
    async with call.change() as change:
        before = await _locked(change, _id(call))
        row = msgspec.structs.replace(
            before,
            name=ask.access_group_name or before.name,
            description=said.get("description", before.description),
            models=before.models if ask.access_model_names is None else ask.access_model_names,
            updated_by=call.actor.name,
        )
        await _write(change, row, ask)
        await change.record(KIND, row.access_group_id, "access_group:update", before=before, after=row)
        shown = await _shown(change.db, row.access_group_id)
    return call.answer(shown)


async def delete(call: Call) -> Response:
    """DELETE /v1/access_group/{access_group_id}: those who belong to it lose what it grants"""
    async with call.change() as change:
        before = await _locked(change, _id(call))
        id = before.access_group_id
        for kind in HOLDERS:
            held = [one.id for one in await store.holders(change.db, kind, id)]
            await store.take(change.db, kind, id, held)
            await change.tell(kind, *held)
        await store.delete(change.db, id)
        await change.record(KIND, id, "access_group:delete", before=before)
    return Response(status_code=204, headers=call.headers)


async def listed(call: Call) -> Response:
    """GET /v1/access_group"""
    async with call.runtime.store.connection() as db:
        shown = [await _shown(db, row.access_group_id) for row in await store.listed(db)]
    return call.answer(shown)


async def info(call: Call) -> Response:
    """GET /v1/access_group/{access_group_id}"""
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, _id(call))
        return call.answer(await _shown(db, _id(call)), version=row)


async def _write(change: Change, row: GroupRow, ask: GroupFields) -> None:
    """Write a group and who belongs to it; tell gateways of everybody whose models change."""
    if await store.name_taken(change.db, row.name, row.access_group_id):
        message = f"Access group '{row.name}' already exists"
        raise Conflict(message, param="access_group_name")
    await store.save(change.db, row)
    keys = None if ask.assigned_key_ids is None else [_hashed(key) for key in ask.assigned_key_ids]
    for kind, wanted in ((TEAM, ask.assigned_team_ids), (KEY, keys)):
        held = {one.id for one in await store.holders(change.db, kind, row.access_group_id)}
        if wanted is not None:
            await _assign(change, kind, row.access_group_id, held, set(wanted))
        await change.tell(kind, *sorted(held | set(wanted or ())))


async def _assign(change: Change, kind: str, id: str, held: set[str], wanted: set[str]) -> None:
    added = sorted(wanted - held)
    if missing := set(added) - await store.known(change.db, kind, added):
        message = f"Unknown {kind} ids: {', '.join(sorted(missing))}"
        raise BadRequest(message, type="bad_request_error", param=f"assigned_{kind}_ids")
    await store.give(change.db, kind, id, added)
    await store.take(change.db, kind, id, sorted(held - wanted))


async def _locked(change: Change, id: str) -> GroupRow:
    row = await store.by_id(change.db, id, for_update=True)
    if row is None:
        raise _missing(id)
    return row


async def _shown(db: Connection, id: str) -> GroupShown:
    row = await store.by_id(db, id)
    if row is None:
        raise _missing(id)
    teams, keys = [await store.holders(db, kind, id) for kind in HOLDERS]
    nothing: dict[str, Any] = {name: [] for name in (*NOT_GRANTED, "access_mcp_servers", "access_agents")}
    return GroupShown(
        access_group_id=id,
        access_group_name=row.name,
        description=row.description,
        access_model_names=row.models,
        mcp_tool_permissions=None,
        assigned_team_ids=[one.id for one in teams],
        assigned_key_ids=[one.id for one in keys],
        assigned_teams=teams,
        assigned_keys=keys,
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        **nothing,
    )


def _id(call: Call) -> str:
    id: str = call.request.path_params["access_group_id"]
    return id


def _hashed(key: str) -> str:
    return hash_of(key) if key.startswith("sk-") else key


def _missing(id: str) -> NotFound:
    return NotFound(f"Access group '{id}' not found", param="access_group_id")


routes = [
    route
    for root in ROOTS
    for route in (
        Guarded("POST", root, create, "access_group:create", body=NewGroup, gives=GroupShown, status=201),
        Guarded("GET", root, listed, "access_group:read", gives=list[GroupShown]),
        Guarded("GET", f"{root}/{ONE}", info, "access_group:read", gives=GroupShown),
        Guarded(
            "PUT",
            f"{root}/{ONE}",
            update,
            "access_group:update",
            body=GroupFields,
            gives=GroupShown,
        ),
        Guarded("DELETE", f"{root}/{ONE}", delete, "access_group:delete", gives=NOTHING, status=204),
    )
]
