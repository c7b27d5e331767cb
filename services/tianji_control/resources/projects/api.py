"""`/project/…`: projects of teams."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.projects import service
from tianji_control.resources.projects.fields import NewProject, ProjectChange
from tianji_control.resources.projects.shown import ShownProject, shown


class WhichProject(Struct):
    """The query of `/project/info`."""

    project_id: str


class Projects(Struct):
    """The body of `/project/delete`."""

    project_ids: list[str]


async def new(call: Call) -> Response:
    """POST /project/new"""
    _, said = await call.said(NewProject)
    return call.answer(shown(await service.create(call, said)))


async def update(call: Call) -> Response:
    """POST /project/update"""
    ask, said = await call.said(ProjectChange)
    del said["project_id"]
    return call.answer(shown(await service.update(call, ask.project_id, said)))


async def delete(call: Call) -> Response:
    """DELETE /project/delete"""
    ids = (await call.body(Projects)).project_ids
    if not ids:
        raise WrongFields([Fault(["body", "project_ids"], "name the projects to delete", "missing")])
    return call.answer([shown(one) for one in await service.delete(call, ids)])


async def info(call: Call) -> Response:
    """GET /project/info"""
    found = await service.find(call, call.query(WhichProject).project_id)
    return call.answer(shown(found), version=found.row)


async def listed(call: Call) -> Response:
    """GET /project/list"""
    return call.answer([shown(one) for one in await service.listed(call)])


_One, _Many = ShownProject, list[ShownProject]

routes: list[Any] = [
    Guarded("POST", "/project/new", new, "project:create", body=NewProject, gives=_One),
    Guarded("POST", "/project/update", update, "project:update", body=ProjectChange, gives=_One),
    Guarded("DELETE", "/project/delete", delete, "project:delete", body=Projects, gives=_Many),
    Guarded("GET", "/project/info", info, "project:read", query=WhichProject, gives=_One),
    Guarded("GET", "/project/list", listed, "project:read", gives=_Many),
]
