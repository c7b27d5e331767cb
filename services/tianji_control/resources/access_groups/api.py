"""`/access_group/…`: models that are granted together."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.resources.access_groups import service, unified
from tianji_control.resources.access_groups.answers import GroupDeleted, GroupList, GroupShown, GroupWritten
from tianji_control.resources.access_groups.service import Group
from tianji_control.resources.models.store import DeploymentRow


class GroupFields(Struct, kw_only=True):
    """The body of `/access_group/…/update`."""

    model_names: list[str] | None = None
    model_ids: list[str] | None = None


class NewGroup(GroupFields, kw_only=True):
    """The body of `/access_group/new`."""

    access_group: str


async def new(call: Call) -> Response:
    """POST /access_group/new: grant models under a new name"""
    ask = await call.body(NewGroup)
    rows = await service.create(call, ask.access_group, ask.model_names or [], ask.model_ids or [])
    return call.answer(_written(ask.access_group, ask, rows))


async def update(call: Call) -> Response:
    """PUT /access_group/{access_group}/update: say which models a name grants"""
    ask = await call.body(GroupFields)
    name = _name(call)
    rows = await service.update(call, name, ask.model_names or [], ask.model_ids or [])
    return call.answer(_written(name, ask, rows))


async def delete(call: Call) -> Response:
    """DELETE /access_group/{access_group}/delete: take a name back from all models"""
    name = _name(call)
    count = await service.delete(call, name)
    message = f"Access group {name} deleted successfully"
    return call.answer({"access_group": name, "models_updated": count, "message": message})


async def listed(call: Call) -> Response:
    """GET /access_group/list: all groups"""
    async with call.runtime.store.connection() as db:
        return call.answer({"access_groups": [_shown(group) for group in await service.listed(db)]})


async def info(call: Call) -> Response:
    """GET /access_group/{access_group}/info: show a group"""
    async with call.runtime.store.connection() as db:
        return call.answer(_shown(await service.find(db, _name(call))))


def _name(call: Call) -> str:
    name: str = call.request.path_params["access_group"]
    return name


def _written(name: str, ask: GroupFields, rows: list[DeploymentRow]) -> dict[str, Any]:
    return {
        "access_group": name,
        "model_names": ask.model_names,
        "model_ids": ask.model_ids,
        "models_updated": len(rows),
    }


def _shown(group: Group) -> dict[str, Any]:
    return {
        "access_group": group.name,
        "model_names": list(dict.fromkeys(row.model_name for row in group.rows)),
        "deployment_count": len(group.rows),
        "spend": None,
        "budget": None,
    }


routes = [
    Guarded("POST", "/access_group/new", new, "access_group:create", body=NewGroup, gives=GroupWritten),
    Guarded("GET", "/access_group/list", listed, "access_group:read", gives=GroupList),
    Guarded("GET", "/access_group/{access_group}/info", info, "access_group:read", gives=GroupShown),
    Guarded(
        "PUT",
        "/access_group/{access_group}/update",
        update,
        "access_group:update",
        body=GroupFields,
        gives=GroupWritten,
    ),
    Guarded(
        "DELETE", "/access_group/{access_group}/delete", delete, "access_group:delete", gives=GroupDeleted
    ),
    *unified.routes,
]
