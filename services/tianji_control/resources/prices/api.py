"""`/reload/model_cost_map` and its kin: which prices hold, and loading others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from tianji.pricing.told import told
from tianji_control.call import Call, Guarded, Open
from tianji_control.envelope import JSON
from tianji_control.resources.prices import service, store
from tianji_control.resources.prices.fetch import NoSource, fetch
from tianji_control.resources.prices.service import Table
from tianji_control.resources.prices.store import Schedule
from tianji_control.runtime import Runtime

Map = dict[str, Any]


class Interval(Struct, kw_only=True):
    """The query of `POST /schedule/model_cost_map_reload`."""

    hours: Annotated[int, Meta(ge=1, le=8760)]


class Loaded(Struct, frozen=True, kw_only=True):
    """The table that was loaded."""

    message: str
    status: str
    models_count: int
    timestamp: str
    version: str
    source: str


class Scheduled(Struct, frozen=True, kw_only=True):
    """What was done to the schedule."""

    message: str
    status: str
    interval_hours: int | None = None
    timestamp: str


class ScheduleShown(Struct, frozen=True, kw_only=True):
    """When the table is loaded anew."""

    scheduled: bool
    interval_hours: int | None
    last_run: datetime | None
    next_run: datetime | None
    version: str
    source: str


class SourceShown(Struct, frozen=True, kw_only=True):
    """Where the prices that hold come from."""

    source: str
    url: str | None
    is_env_forced: bool
    fallback_reason: str | None
    loaded_at: datetime | None
    source_revision: str
    model_count: int


async def reload(call: Call) -> Response:
    """POST /reload/model_cost_map"""
    fetched = await fetch(call.runtime.settings.model_cost_map_url)
    async with call.change() as change:
        table = await service.save(change, fetched)
        await store.ran(change.db)
    return call.answer(
        Loaded(
            message=f"Price data reloaded successfully! {table.models} models updated.",
            status="success",
            models_count=table.models,
            timestamp=_now(),
            version=table.version,
            source=table.source,
        )
    )


async def schedule(call: Call) -> Response:
    """POST /schedule/model_cost_map_reload"""
    hours = call.query(Interval).hours
    if not call.runtime.settings.model_cost_map_url:
        raise NoSource(
            "Nobody has said where prices come from: set TIANJI_MODEL_COST_MAP_URL of the control plane first"
        )
    async with call.change() as change:
        before = await store.schedule(change.db)
        await store.save_schedule(change.db, hours)
        after = await store.schedule(change.db)
        await change.record("prices", service.GLOBAL, "prices:schedule", before=before, after=after)
    message = f"Model cost map reload scheduled for every {hours} hours"
    return call.answer(Scheduled(message=message, status="success", interval_hours=hours, timestamp=_now()))


async def cancel(call: Call) -> Response:
    """DELETE /schedule/model_cost_map_reload"""
    async with call.change() as change:
        before = await store.schedule(change.db)
        await store.delete_schedule(change.db)
        if before is not None:
            await change.record("prices", service.GLOBAL, "prices:unschedule", before=before)
    message = "Periodic model cost map reload cancelled"
    return call.answer(Scheduled(message=message, status="success", timestamp=_now()))


async def status(call: Call) -> Response:
    """GET /schedule/model_cost_map_reload/status"""
    async with call.runtime.store.connection() as db:
        planned: Schedule | None = await store.schedule(db)
        table: Table = await service.holding(db)
    return call.answer(
        ScheduleShown(
            scheduled=planned is not None,
            interval_hours=None if planned is None else planned.interval_hours,
            last_run=None if planned is None else planned.last_run,
            next_run=None if planned is None else planned.next_run,
            version=table.version,
            source=table.source,
        )
    )


async def source(call: Call) -> Response:
    """GET /model/cost_map/source"""
    async with call.runtime.store.connection() as db:
        table = await service.holding(db)
    return call.answer(
        SourceShown(
            source="local" if table.shipped else "remote",
            url=None if table.shipped else table.source,
            is_env_forced=False,
            fallback_reason=None,
            loaded_at=table.loaded_at,
            source_revision=table.version,
            model_count=table.models,
        )
    )


async def public(request: Request) -> Response:
    """GET /public/litellm_model_cost_map: prices are no secret"""
    runtime: Runtime = request.state.runtime
    runtime.require_started()
    async with runtime.store.connection() as db:
        catalog = await service.catalog(db)
    body = await asyncio.to_thread(lambda: msgspec.json.encode(told(catalog)))
    return Response(body, media_type=JSON)


async def whole(call: Call) -> Response:
    """GET /get/litellm_model_cost_map"""
    async with call.runtime.store.connection() as db:
        catalog = await service.catalog(db)
    return call.answer(await asyncio.to_thread(told, catalog))


def _now() -> str:
    return datetime.now(UTC).isoformat()


routes = [
    Guarded("POST", "/reload/model_cost_map", reload, "prices:update", gives=Loaded),
    Guarded(
        "POST",
        "/schedule/model_cost_map_reload",
        schedule,
        "prices:update",
        query=Interval,
        gives=Scheduled,
    ),
    Guarded("DELETE", "/schedule/model_cost_map_reload", cancel, "prices:update", gives=Scheduled),
    Guarded("GET", "/schedule/model_cost_map_reload/status", status, "prices:read", gives=ScheduleShown),
    Guarded("GET", "/model/cost_map/source", source, "prices:read", gives=SourceShown),
    Guarded("GET", "/get/litellm_model_cost_map", whole, "open:read", gives=dict[str, Map]),
    Open("/public/litellm_model_cost_map", public, methods=["GET"], gives=dict[str, Map]),
]
