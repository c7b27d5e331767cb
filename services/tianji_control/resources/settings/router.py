"""`/router/…`: the settings of routing, as pages show and scripts set them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.config.fields import table
from tianji_control.call import Call, Guarded
from tianji_control.resources.config.shown import FieldShown, field_list
from tianji_control.resources.settings import service
from tianji_control.resources.settings.service import Origins
from tianji_control.resources.settings.store import ROUTER

Map = dict[str, Any]
STRATEGY = "routing_strategy"


class RouterField(Struct, frozen=True, kw_only=True):
    """One setting of routing."""

    field_name: str
    field_type: str
    field_value: Any
    field_description: str
    field_default: Any
    options: list[str] | None
    ui_field_name: str
    link: None = None


class RouterFields(Struct, frozen=True, kw_only=True):
    """All settings of routing, without their values."""

    fields: list[RouterField]
    routing_strategy_descriptions: dict[str, str]
    routing_group_strategies: list[str]


class RouterSettings(Struct, frozen=True, kw_only=True):
    """All settings of routing."""

    fields: list[RouterField]
    current_values: Map
    routing_strategy_descriptions: dict[str, str]
    routing_group_strategies: list[str]
    source: dict[str, str]


class RouterChange(Struct, kw_only=True):
    """The body of `PATCH /router/settings`: either way of saying it."""

    router_settings: Map | None = None
    settings: Map | None = None


async def settings(call: Call) -> Response:
    """GET /router/settings"""
    async with call.runtime.store.connection() as db:
        return call.answer(_shown(await service.origins(db)))


async def change(call: Call) -> Response:
    """PATCH /router/settings"""
    ask = await call.body(RouterChange)
    wanted = {**(ask.settings or {}), **(ask.router_settings or {})}
    await service.write(call, {ROUTER: wanted}, "router:update")
    async with call.runtime.store.connection() as db:
        return call.answer(_shown(await service.origins(db)))


async def descriptions(call: Call) -> Response:
    """GET /router/fields"""
    empty = Origins(file=service.Sections(), stored={})
    strategies = _strategies()
    return call.answer(
        RouterFields(
            fields=[_field(field) for field in field_list(empty, ROUTER)],
            routing_strategy_descriptions=strategies,
            routing_group_strategies=list(strategies),
        )
    )


def _shown(origins: Origins) -> RouterSettings:
    values = origins.values(ROUTER)
    strategies = _strategies()
    return RouterSettings(
        fields=[_field(field) for field in field_list(origins, ROUTER)],
        current_values=values,
        routing_strategy_descriptions=strategies,
        routing_group_strategies=list(strategies),
        source={name: origins.source(ROUTER, name) for name in values},
    )


def _field(field: FieldShown) -> RouterField:
    return RouterField(
        field_name=field.field_name,
        field_type=field.field_type,
        field_value=field.field_value,
        field_description=field.field_description,
        field_default=field.field_default_value,
        options=list(_strategies()) if field.field_name == STRATEGY else field.field_options,
        ui_field_name=field.field_name.replace("_", " ").capitalize(),
    )


def _strategies() -> dict[str, str]:
    """Return the strategies by name, and what is done instead of those that are not there yet."""
    values = table().values.get((ROUTER, STRATEGY), {})
    return {name: "" if field.status == "works" else field.instead for name, field in values.items()}


routes = [
    Guarded("GET", "/router/settings", settings, "config:read", gives=RouterSettings),
    Guarded("PATCH", "/router/settings", change, "config:update", body=RouterChange, gives=RouterSettings),
    Guarded("GET", "/router/fields", descriptions, "config:read", gives=RouterFields),
]
