"""`/config/…`: read the config file again, tell the configuration, set and unset settings beside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji_control.call import Call, Guarded
from tianji_control.resources.config.shown import FieldShown, field_list
from tianji_control.resources.models import store as models
from tianji_control.resources.models.shown import entry
from tianji_control.resources.settings import fields, service
from tianji_control.resources.settings.store import SECTIONS

Map = dict[str, Any]
Section = Literal["general_settings", "router_settings", "litellm_settings"]


class Reloaded(Struct, frozen=True):
    """What a reading of the config file changed."""

    message: str
    added: int
    changed: int
    removed: int
    settings_changed: bool


class ConfigChange(Struct, kw_only=True):
    """The body of `/config/update`: of each section what is to be set."""

    general_settings: Map | None = None
    litellm_settings: Map | None = None
    tianji_settings: Map | None = None
    router_settings: Map | None = None
    environment_variables: Map | None = None
    model_list: list[Map] | None = None


class Updated(Struct, frozen=True):
    """What a change of settings did."""

    message: str
    warnings: list[str]
    """Which of the settings have no effect, and what happens instead."""


class FieldValue(Struct, kw_only=True):
    """The body of `/config/field/update`."""

    field_name: Annotated[str, Meta(min_length=1)]
    field_value: Any
    config_type: Section


class FieldName(Struct, kw_only=True):
    """The body of `/config/field/delete`."""

    field_name: Annotated[str, Meta(min_length=1)]
    config_type: Section


class WhichField(Struct, kw_only=True):
    """The query of `/config/field/info`."""

    field_name: str
    config_type: Section = "general_settings"


class WhichSection(Struct, kw_only=True):
    """The query of `/config/list`."""

    config_type: Section


class FieldInfo(Struct, frozen=True, kw_only=True):
    """One setting with its value."""

    field_name: str
    field_value: Any
    source: str
    editable: bool


class StoredSection(Struct, frozen=True, kw_only=True):
    """What calls have set in a section."""

    param_name: str
    param_value: Map
    warnings: list[str] = []


class Configuration(Struct, frozen=True, kw_only=True):
    """The configuration in force, without a secret."""

    model_list: list[Map]
    general_settings: Map
    litellm_settings: Map
    router_settings: Map
    environment_variables: Map


async def reload(call: Call) -> Response:
    """POST /config/reload: read the config file again"""
    applied, notes = await call.runtime.reload()
    call.headers |= await call.runtime.confirmation.applied(notes)
    return call.answer({"message": "Config reloaded successfully", **applied.counts()})


async def whole(call: Call) -> Response:
    """GET /config/yaml: the configuration in force, in the form of the config file"""
    async with call.runtime.store.connection() as db:
        origins = await service.origins(db)
        rows = await models.listed(db)
    return call.answer(
        {"model_list": [entry(row) for row in rows]}
        | {section: origins.values(section) for section in SECTIONS}
    )


async def update(call: Call) -> Response:
    """POST /config/update: set what is named, leave the rest"""
    ask = await call.body(ConfigChange)
    calls = {**(ask.litellm_settings or {}), **(ask.tianji_settings or {})}
    given = {
        "general_settings": ask.general_settings,
        "litellm_settings": calls,
        "router_settings": ask.router_settings,
        "environment_variables": ask.environment_variables,
    }
    written = await service.write(call, {name: part for name, part in given.items() if part}, "config:update")
    warnings = [warning for part in written.values() for warning in part.warnings]
    if ask.model_list:
        warnings.append("model_list is left as it is: models are made with /model/new")
    return call.answer(Updated("Config updated successfully", warnings))


async def set_field(call: Call) -> Response:
    """POST /config/field/update"""
    ask = await call.body(FieldValue)
    if ask.field_value is None:
        message = "field_value is missing; /config/field/delete takes a setting away"
        raise BadRequest(message, type="bad_request_error", param="field_value")
    section = ask.config_type
    written = await service.write(call, {section: {ask.field_name: ask.field_value}}, "config:field_update")
    stored = written[section]
    return call.answer(StoredSection(param_name=section, param_value=stored.stored, warnings=stored.warnings))


async def delete_field(call: Call) -> Response:
    """POST /config/field/delete"""
    ask = await call.body(FieldName)
    left = await service.remove(call, ask.config_type, [ask.field_name], "config:field_delete")
    return call.answer(StoredSection(param_name=ask.config_type, param_value=left))


async def field_info(call: Call) -> Response:
    """GET /config/field/info"""
    ask = call.query(WhichField)
    section, name = ask.config_type, fields.name_of(ask.config_type, ask.field_name)
    async with call.runtime.store.connection() as db:
        origins = await service.origins(db)
    source = origins.source(section, name)
    if source == "default":
        raise BadRequest(f"Field name={name} is not set", type="bad_request_error", param="field_name")
    value = origins.value(section, name)
    return call.answer(
        FieldInfo(field_name=name, field_value=value, source=source, editable=source != "config")
    )


async def listed(call: Call) -> Response:
    """GET /config/list: every setting of a section, set or not"""
    section = call.query(WhichSection).config_type
    async with call.runtime.store.connection() as db:
        return call.answer(field_list(await service.origins(db), section))


routes = [
    Guarded("POST", "/config/reload", reload, "config:update", gives=Reloaded),
    Guarded("GET", "/config", whole, "config:read", gives=Configuration),
    Guarded("GET", "/config/yaml", whole, "config:read", gives=Configuration),
    Guarded("POST", "/config/update", update, "config:update", body=ConfigChange, gives=Updated),
    Guarded("POST", "/config/field/update", set_field, "config:update", body=FieldValue, gives=StoredSection),
    Guarded(
        "POST", "/config/field/delete", delete_field, "config:update", body=FieldName, gives=StoredSection
    ),
    Guarded("GET", "/config/field/info", field_info, "config:read", query=WhichField, gives=FieldInfo),
    Guarded("GET", "/config/list", listed, "config:read", query=WhichSection, gives=list[FieldShown]),
]
