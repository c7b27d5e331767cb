"""`/team/{team_id}/callback`: where a team's calls are logged to, beside what the config says.

A team's callbacks are in its metadata, under `logging`, where LiteLLM's scripts look for them; values
that are credentials are sealed before they get there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct
from starlette.responses import Response

from tianji.config.references import find_reference, holds_secret
from tianji.domain.snapshot import TEAM
from tianji.errors import BadRequest, NotFound
from tianji_control.access import targets
from tianji_control.call import Call, Guarded
from tianji_control.resources.teams import service, store
from tianji_control.resources.teams.shown import shown
from tianji_control.resources.teams.store import TeamRow
from tianji_control.spent.totals import total

Map = dict[str, Any]

LOGGING = "logging"
REDACTED = "***REDACTED***"
_EVENTS = {"success": ("success",), "failure": ("failure",)}
_BOTH = ("success", "failure")


class Callback(Struct, kw_only=True):
    """The body of `POST /team/{team_id}/callback`."""

    callback_name: str
    callback_type: Literal["success", "failure", "success_and_failure"] = "success_and_failure"
    callback_vars: dict[str, str]


class Callbacks(Struct, kw_only=True):
    """Which callbacks a team has, and their variables; credentials are masked."""

    team_id: str
    success_callbacks: list[str]
    failure_callbacks: list[str]
    callback_vars: dict[str, str] = {}


class CallbacksRead(Struct, kw_only=True):
    """A team's callbacks, as they are read."""

    status: str = "success"
    data: Callbacks


class CallbacksChanged(Struct, kw_only=True):
    """A team's callbacks after a change."""

    status: str = "success"
    message: str
    data: Callbacks


class TeamAnswer(Struct, kw_only=True):
    """A team to which a callback was added."""

    status: str = "success"
    data: Map


async def listed(call: Call) -> Response:
    """GET /team/{team_id}/callback"""
    team_id = call.request.path_params["team_id"]
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, team_id)
        if row is None:
            raise service.missing(team_id)
        call.require("team:update", await targets.of_team(db, team_id))
    return call.answer(CallbacksRead(data=_callbacks(row)))


async def add(call: Call) -> Response:
    """POST /team/{team_id}/callback"""
    ask = await call.body(Callback)
    _check_plain(ask.callback_vars)
    async with call.change() as change:
        before = await service.locked(call, change, call.request.path_params["team_id"], "team:update")
        entries = _entries(before)
        if any(_same(entry, ask) for entry in entries):
            message = (
                f"callback_name = {ask.callback_name} already exists in team_callback_settings, "
                f"for team_id = {before.team_id} and event = {ask.callback_type}"
            )
            raise BadRequest(message, type="bad_request_error", param="callback_name")
        entry = msgspec.to_builtins(ask) | {"callback_vars": _sealed(call, ask.callback_vars)}
        row = await service.saved(change, before, _with(before, [*entries, entry]), "team:callback_add")
        members = await store.members(change.db, row.team_id)
        spend = await total(change.db, TEAM, row.team_id)
    return call.answer(TeamAnswer(data=shown(row, members, spend)), version=row)


async def delete(call: Call) -> Response:
    """DELETE /team/{team_id}/callback/{callback_name}"""
    name = call.request.path_params["callback_name"]
    async with call.change() as change:
        before = await service.locked(call, change, call.request.path_params["team_id"], "team:update")
        entries = _entries(before)
        kept = [entry for entry in entries if entry.get("callback_name") != name]
        if len(kept) == len(entries):
            message = f"callback_name = {name} is not registered for team_id = {before.team_id}."
            raise NotFound(message, param="callback_name")
        row = await service.saved(change, before, _with(before, kept), "team:callback_delete")
    message = f"Callback {name} removed for team {row.team_id}"
    return call.answer(CallbacksChanged(message=message, data=_callbacks(row)), version=row)


async def disable(call: Call) -> Response:
    """POST /team/{team_id}/disable_logging: takes all callbacks from the team"""
    async with call.change() as change:
        before = await service.locked(call, change, call.request.path_params["team_id"], "team:update")
        row = await service.saved(change, before, _with(before, []), "team:disable_logging")
    message = f"Logging disabled for team {row.team_id}"
    return call.answer(CallbacksChanged(message=message, data=_callbacks(row)), version=row)


def _entries(row: TeamRow) -> list[Map]:
    entries = row.metadata.get(LOGGING)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _with(row: TeamRow, entries: list[Map]) -> TeamRow:
    return msgspec.structs.replace(row, metadata=row.metadata | {LOGGING: entries})


def _same(entry: Map, ask: Callback) -> bool:
    named = (entry.get("callback_name"), entry.get("callback_type"))
    return named == (ask.callback_name, ask.callback_type)


def _sealed(call: Call, variables: Mapping[str, str]) -> dict[str, str]:
    sealer = call.runtime.sealer
    return {name: sealer.seal(value) if holds_secret(name) else value for name, value in variables.items()}


def _check_plain(variables: Mapping[str, str]) -> None:
    """Refuse references: a team is not to read what the gateway's environment holds."""
    for name, value in variables.items():
        if find_reference(value, {}):
            message = f"callback_vars.{name} refers to the environment; write the value itself"
            raise BadRequest(message, type="bad_request_error", param="callback_vars")


def _callbacks(row: TeamRow) -> Callbacks:
    names: dict[str, list[str]] = {"success": [], "failure": []}
    variables: dict[str, str] = {}
    for entry in _entries(row):
        for event in _EVENTS.get(entry.get("callback_type") or "", _BOTH):
            if entry.get("callback_name") not in names[event]:
                names[event].append(str(entry.get("callback_name")))
        held = entry.get("callback_vars")
        variables |= held if isinstance(held, dict) else {}
    return Callbacks(
        team_id=row.team_id,
        success_callbacks=names["success"],
        failure_callbacks=names["failure"],
        callback_vars={
            name: REDACTED if holds_secret(name) else str(value) for name, value in variables.items()
        },
    )


_PATH = "/team/{team_id:path}/callback"

routes = [
    Guarded("GET", _PATH, listed, "team:update", gives=CallbacksRead),
    Guarded("POST", _PATH, add, "team:update", body=Callback, gives=TeamAnswer),
    Guarded("DELETE", _PATH + "/{callback_name}", delete, "team:update", gives=CallbacksChanged),
    Guarded("POST", "/team/{team_id}/disable_logging", disable, "team:update", gives=CallbacksChanged),
]
