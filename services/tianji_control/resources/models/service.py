"""The rules of models made by calls; those of the config file only follow the file."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from tianji.domain.snapshot import DEPLOYMENT
from tianji.errors import BadRequest
from tianji.providers import split_model
from tianji_control import credentials
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.config_file import ANY
from tianji_control.resources.models import store
from tianji_control.resources.models.fields import ModelChange, NewModel, model_of, params_of
from tianji_control.resources.models.store import DeploymentRow
from tianji_control.resources.models.visible import sees

Map = dict[str, Any]


async def create(call: Call, ask: NewModel) -> DeploymentRow:
    """Make a deployment. Raises BadRequest for an unknown provider or an id that is taken."""
    info = ask.model_info or {}
    model, given = model_of(ask)
    plain, secrets = _parted(_with_credential(call, given))
    provider, upstream = _named(model, plain)
    row = DeploymentRow(
        id=_text(info.get("id")) or str(uuid.uuid4()),
        model_name=ask.model_name,
        provider=provider,
        model=upstream,
        params=plain,
        secrets=credentials.sealed(secrets, call.runtime.sealer),
        info={name: value for name, value in info.items() if name != "id"},
        team_id=_text(info.get("team_id")),
        blocked=ask.blocked or False,
        created_by=call.actor.name,
        updated_by=call.actor.name,
    )
    async with call.change() as change:
        if await store.by_id_for_update(change.db, row.id) is not None:
            message = f"There is a model with the id {row.id!r} already; choose another, or update it"
            raise BadRequest(message, type="bad_request_error", param="model_info.id")
        await store.save(change.db, row)
        await change.note(DEPLOYMENT, row.id, "model:new", after=row)
        return await _saved(change, row.id)


async def update(call: Call, ask: ModelChange) -> DeploymentRow:
    """Change what a request names of a deployment; parameters that are null are taken away."""
    id = _text((ask.model_info or {}).get("id")) or ask.id
    if id is None:
        raise BadRequest("model_info.id names the model to update; it is missing", param="model_info.id")
    async with call.change() as change:
        before = await _ours(change, id)
        given = params_of(ask)
        model = given.pop("model", None)
        plain, secrets = _parted(_with_credential(call, given))
        params = _merged(before.params, plain, given)
        provider, upstream = (before.provider, before.model)
        if model is not None:
            provider, upstream = _named(str(model), params)
        sealed = credentials.sealed(secrets, call.runtime.sealer)
        info = {name: value for name, value in (ask.model_info or {}).items() if name != "id"}
        row = msgspec.structs.replace(
            before,
            model_name=ask.model_name or before.model_name,
            provider=provider,
            model=upstream,
            params=params,
            secrets=_merged(before.secrets, sealed, given),
            info=before.info | info,
            blocked=before.blocked if ask.blocked is None else ask.blocked,
            updated_by=call.actor.name,
        )
        await store.save(change.db, row)
        await change.note(DEPLOYMENT, id, "model:update", before=before, after=row)
        return await _saved(change, id)


async def delete(call: Call, id: str) -> None:
    """Remove a deployment made by a call."""
    async with call.change() as change:
        before = await _ours(change, id)
        await store.delete(change.db, id)
        await change.note(DEPLOYMENT, id, "model:delete", before=before)


async def listed(call: Call, id: str | None) -> list[DeploymentRow]:
    """List the deployments that the caller may use, or the one with this id."""
    async with call.runtime.store.connection() as db:
        if id is None:
            return [row for row in await store.listed(db) if sees(call.actor, row)]
        row = await store.by_id(db, id)
    if row is None or not sees(call.actor, row):
        raise _missing(id)
    return [row]


async def _ours(change: Change, id: str) -> DeploymentRow:
    """Lock a deployment that a call may change."""
    row = await store.by_id_for_update(change.db, id)
    if row is None:
        raise _missing(id)
    if row.source == "file":
        message = f"The model {id} is in the config file; change it there and reload"
        raise BadRequest(message, type="bad_request_error", param="id")
    return row


async def _saved(change: Change, id: str) -> DeploymentRow:
    row = await store.by_id(change.db, id)
    assert row is not None
    return row


def _with_credential(call: Call, given: Map) -> Map:
    """Put the credential of the config file that a request names under its own parameters."""
    name = given.get("litellm_credential_name")
    if name is None:
        return given
    values = call.runtime.file.credentials.get(name) if isinstance(name, str) else None
    if values is None:
        message = f"There is no credential {name!r}; name one of the config file's credential_list"
        raise BadRequest(message, type="bad_request_error", param="litellm_credential_name")
    return values | given


def _parted(given: Map) -> tuple[Map, Map]:
    return credentials.parted(
        {
            name: credentials.wrapped(name, credentials.fitted(name, value))
            for name, value in given.items()
            if value is not None
        }
    )


def _merged(before: Map, now: Map, given: Map) -> Map:
    """Put new values over old ones; what the request names moves or goes, wherever it was."""
    return {name: value for name, value in before.items() if name not in given} | now


def _named(model: str, params: Map) -> tuple[str, str]:
    return (ANY, ANY) if model == ANY else split_model(model, params)


def _missing(id: str) -> BadRequest:
    return BadRequest(f"There is no model with the id {id}", type="bad_request_error", param="id")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
