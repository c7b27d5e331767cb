"""What new teams and users get where the call that makes them does not say it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.resources.settings import service, store
from tianji_control.resources.settings.store import CALLS

Map = dict[str, Any]
T = TypeVar("T", bound=Struct)
TEAM = "default_team_params"
USER = "default_internal_user_params"
Amount = Annotated[float, Meta(ge=0)]
Limit = Annotated[int, Meta(ge=0)]


class TeamDefaults(Struct, kw_only=True):
    """The body of `/update/default_team_settings`; what it does not name stays."""

    models: list[str] | None = None
    max_budget: Amount | None = None
    budget_duration: str | None = None
    tpm_limit: Limit | None = None
    rpm_limit: Limit | None = None
    team_member_permissions: list[str] | None = None
    organization_id: str | None = None


class UserDefaults(Struct, kw_only=True):
    """The body of `/update/internal_user_settings`; what it does not name stays."""

    user_role: str | None = None
    max_budget: Amount | None = None
    budget_duration: str | None = None
    models: list[str] | None = None
    teams: list[Any] | None = None


class DefaultsShown(Struct, frozen=True):
    """What is set, and what each field is for."""

    values: Map
    field_schema: Map


class DefaultsSet(Struct, frozen=True):
    """What was set."""

    message: str
    status: str
    settings: Map


_APPLIED = {
    TEAM: tuple(name for name in TeamDefaults.__struct_fields__ if name != "models"),
    USER: UserDefaults.__struct_fields__,
}
"""What calls that make one take from the defaults; a team's models are for those who sign in."""

_MEANT = {
    "models": "Models that they may use",
    "max_budget": "What they may spend, in US dollars",
    "budget_duration": "After which time what they spent counts anew, such as 30d",
    "tpm_limit": "Tokens per minute",
    "rpm_limit": "Requests per minute",
    "team_member_permissions": "What plain members may do with the team's keys",
    "organization_id": "The organization that they belong to",
    "user_role": "Their role",
    "teams": "The teams that they join",
}


async def team_defaults(call: Call) -> Response:
    """GET /get/default_team_settings"""
    return call.answer(await _shown(call, TEAM, TeamDefaults))


async def set_team_defaults(call: Call) -> Response:
    """PATCH /update/default_team_settings"""
    _, said = await call.said(TeamDefaults)
    return call.answer(await _write(call, TEAM, said, "Default team settings updated successfully"))


async def user_defaults(call: Call) -> Response:
    """GET /get/internal_user_settings"""
    return call.answer(await _shown(call, USER, UserDefaults))


async def set_user_defaults(call: Call) -> Response:
    """PATCH /update/internal_user_settings"""
    _, said = await call.said(UserDefaults)
    return call.answer(await _write(call, USER, said, "Internal user settings updated successfully"))


async def applied(call: Call, setting: str, ask: T) -> T:
    """Return a request with the defaults put in where it says nothing."""
    async with call.runtime.store.connection() as db:
        return filled((await store.in_force(db)).calls, setting, ask)


def filled(rules: Map, setting: str, ask: T) -> T:
    """Return a request with the defaults of these `litellm_settings` where it says nothing."""
    defaults = rules.get(setting)
    if not isinstance(defaults, dict):
        return ask
    wanted = {
        name: Decimal(str(value)) if isinstance(value, float) else value
        for name in _APPLIED[setting]
        if (value := defaults.get(name)) is not None and getattr(ask, name) in (None, [])
    }
    return msgspec.structs.replace(ask, **wanted)


async def _shown(call: Call, setting: str, kind: type[Struct]) -> DefaultsShown:
    async with call.runtime.store.connection() as db:
        found = (await store.in_force(db)).calls.get(setting)
    values = found if isinstance(found, dict) else {}
    names = kind.__struct_fields__
    properties = {name: {"description": _MEANT[name]} for name in names}
    return DefaultsShown(
        dict.fromkeys(names) | values, {"description": (kind.__doc__ or ""), "properties": properties}
    )


async def _write(call: Call, setting: str, said: Map, message: str) -> DefaultsSet:
    def with_said(before: Any) -> Map:
        kept = before if isinstance(before, dict) else {}
        return {name: value for name, value in (kept | said).items() if value is not None}

    after = await service.alter(call, CALLS, setting, with_said, f"config:{setting}")
    return DefaultsSet(message, "success", after)


routes = [
    Guarded("GET", "/get/default_team_settings", team_defaults, "config:read", gives=DefaultsShown),
    Guarded(
        "PATCH",
        "/update/default_team_settings",
        set_team_defaults,
        "config:update",
        body=TeamDefaults,
        gives=DefaultsSet,
    ),
    Guarded("GET", "/get/internal_user_settings", user_defaults, "config:read", gives=DefaultsShown),
    Guarded(
        "PATCH",
        "/update/internal_user_settings",
        set_user_defaults,
        "config:update",
        body=UserDefaults,
        gives=DefaultsSet,
    ),
]
