"""`/model/…`: deployments."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Literal

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.paging import LongSize, PageNumber, pages
from tianji_control.resources.models import groups, service, standing
from tianji_control.resources.models.answers import ModelDeleted, ModelList, ModelPages, ModelWritten
from tianji_control.resources.models.fields import (
    ModelChange,
    ModelPatch,
    NewModel,
    OneModel,
    WhichModels,
)
from tianji_control.resources.models.priced import facts
from tianji_control.resources.models.shown import entry, written
from tianji_control.resources.models.store import DeploymentRow
from tianji_control.resources.prices import service as prices


class ModelPage(Struct, kw_only=True):
    """The query of `/v2/model/info`."""

    page: PageNumber = 1
    size: LongSize = 50
    model: str | None = None
    search: str | None = None
    modelId: str | None = None
    teamId: str | None = None
    access_group: str | None = None
    blocked: bool | None = None
    wildcard_only: bool = False
    sortBy: Literal["model_name", "created_at", "updated_at"] | None = None
    sortOrder: Literal["asc", "desc"] = "asc"

    def chosen(self, rows: list[DeploymentRow]) -> list[DeploymentRow]:
        """Return those that the query asks for, in its order."""
        kept = [row for row in rows if self._fits(row)]
        if self.sortBy is None:
            return kept
        order = attrgetter(self.sortBy)
        return sorted(kept, key=order, reverse=self.sortOrder == "desc")

    def _fits(self, row: DeploymentRow) -> bool:
        return (
            self.model in (None, row.model_name)
            and (not self.search or self.search.lower() in row.model_name.lower())
            and self.teamId in (None, row.team_id)
            and self.blocked in (None, row.blocked)
            and (not self.wildcard_only or "*" in row.model_name)
            and (self.access_group is None or self.access_group in (row.info.get("access_groups") or ()))
        )


async def new(call: Call) -> Response:
    """POST /model/new: add a deployment"""
    return call.answer(written(await service.create(call, await call.body(NewModel))))


async def update(call: Call) -> Response:
    """POST /model/update: change what is named of a deployment"""
    return call.answer(written(await service.update(call, await call.body(ModelChange))))


async def patch(call: Call) -> Response:
    """PATCH /model/{model_id}/update: change what is named of a deployment"""
    ask = await call.body(ModelPatch)
    info = (ask.model_info or {}) | {"id": call.request.path_params["model_id"]}
    removed = dict.fromkeys(ask.litellm_params_to_remove)
    change = ModelChange(
        model_name=ask.model_name,
        litellm_params=(ask.litellm_params or {}) | removed,
        tianji_params=ask.tianji_params,
        model_info=info,
        blocked=ask.blocked,
    )
    return call.answer(written(await service.update(call, change)))


async def delete(call: Call) -> Response:
    """POST /model/delete: remove a deployment"""
    id = (await call.body(OneModel)).id
    await service.delete(call, id)
    return call.answer({"message": f"Model: {id} deleted successfully"})


async def info(call: Call) -> Response:
    """GET /model/info: the deployments that the caller may use"""
    rows = await service.listed(call, call.query(WhichModels).litellm_model_id)
    entries = await _entries(call, rows)
    return call.answer({"data": entries}, version=rows[0] if len(rows) == 1 else None)


async def info_pages(call: Call) -> Response:
    """GET /v2/model/info: the same by pages"""
    ask = call.query(ModelPage)
    rows = await service.listed(call, ask.modelId)
    rows = ask.chosen(rows)
    size = ask.size
    start = (ask.page - 1) * size
    return call.answer(
        {
            "data": await _entries(call, rows[start : start + size]),
            "total_count": len(rows),
            "current_page": ask.page,
            "total_pages": pages(len(rows), size),
            "size": size,
        }
    )


async def _entries(call: Call, rows: list[DeploymentRow]) -> list[dict[str, Any]]:
    """Show deployments with what the price table knows of their models."""
    async with call.runtime.store.connection() as db:
        catalog = await prices.catalog(db)
    return [entry(row, facts(row, catalog)) for row in rows]


routes = [
    Guarded("POST", "/model/new", new, "model:create", body=NewModel, gives=ModelWritten),
    Guarded("POST", "/model/update", update, "model:update", body=ModelChange, gives=ModelWritten),
    Guarded("PATCH", "/model/{model_id}/update", patch, "model:update", body=ModelPatch, gives=ModelWritten),
    Guarded("POST", "/model/delete", delete, "model:delete", body=OneModel, gives=ModelDeleted),
    Guarded("GET", "/model/info", info, "model:read", query=WhichModels, gives=ModelList),
    Guarded("GET", "/v1/model/info", info, "model:read", query=WhichModels, gives=ModelList),
    Guarded("GET", "/v2/model/info", info_pages, "model:read", query=ModelPage, gives=ModelPages),
    *groups.routes,
    *standing.routes,
]
