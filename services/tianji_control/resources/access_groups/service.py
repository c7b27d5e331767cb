"""The rules of access groups: a deployment says in its `model_info` which groups it is granted in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import DEPLOYMENT
from tianji.errors import BadRequest, Conflict, NotFound
from tianji.store.rows import Connection
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.models import store
from tianji_control.resources.models.store import DeploymentRow

FIELD = "access_groups"


class Group(Struct, frozen=True):
    """A group and the deployments that it grants."""

    name: str
    rows: list[DeploymentRow]


async def create(call: Call, name: str, names: list[str], ids: list[str]) -> list[DeploymentRow]:
    """Grant deployments under a new name. Raises Conflict for a name that there is already."""
    async with call.change() as change:
        rows = await store.listed(change.db)
        if any(name in groups_of(row) for row in rows):
            message = f"There is an access group {name!r} already; change it with /access_group/{name}/update"
            raise Conflict(message, param="access_group")
        wanted = _named(rows, names, ids)
        await _write(change, wanted, lambda held: [*held, name], "access_group:new")
    return wanted


async def update(call: Call, name: str, names: list[str], ids: list[str]) -> list[DeploymentRow]:
    """Make a group grant these deployments and no others."""
    async with call.change() as change:
        rows = await store.listed(change.db)
        before = _granted(rows, name)
        wanted = _named(rows, names, ids)
        kept = {row.id for row in wanted}
        lost = [row for row in before if row.id not in kept]
        added = [row for row in wanted if name not in groups_of(row)]
        await _write(change, lost, _without(name), "access_group:update")
        await _write(change, added, lambda held: [*held, name], "access_group:update")
    return wanted


async def delete(call: Call, name: str) -> int:
    """Take a name back from all that it grants; answer from how many."""
    async with call.change() as change:
        rows = _granted(await store.listed(change.db), name)
        await _write(change, rows, _without(name), "access_group:delete")
    return len(rows)


async def listed(db: Connection) -> list[Group]:
    """List the groups by name."""
    found: dict[str, list[DeploymentRow]] = {}
    for row in await store.listed(db):
        for name in groups_of(row):
            found.setdefault(name, []).append(row)
    return [Group(name, found[name]) for name in sorted(found)]


async def find(db: Connection, name: str) -> Group:
    """Return a group. Raises NotFound."""
    return Group(name, _granted(await store.listed(db), name))


def groups_of(row: DeploymentRow) -> list[str]:
    """Return the groups that a deployment is granted in."""
    held: Any = row.info.get(FIELD)
    return [name for name in held if isinstance(name, str)] if isinstance(held, list) else []


def _granted(rows: list[DeploymentRow], name: str) -> list[DeploymentRow]:
    found = [row for row in rows if name in groups_of(row)]
    if not found:
        raise NotFound(f"There is no access group {name}", param="access_group")
    return found


def _named(rows: list[DeploymentRow], names: list[str], ids: list[str]) -> list[DeploymentRow]:
    if not names and not ids:
        message = "Name the models by model_names or model_ids"
        raise BadRequest(message, type="bad_request_error", param="model_names")
    for name in names:
        if all(row.model_name != name for row in rows):
            raise BadRequest(f"There is no model {name!r}", type="bad_request_error", param="model_names")
    for id in ids:
        if all(row.id != id for row in rows):
            raise BadRequest(
                f"There is no model with the id {id!r}", type="bad_request_error", param="model_ids"
            )
    # Names or ids: LiteLLM, too, takes the ids for the more precise way.
    return [row for row in rows if (row.id in ids if ids else row.model_name in names)]


def _without(name: str) -> Callable[[list[str]], list[str]]:
    return lambda held: [one for one in held if one != name]


async def _write(
    change: Change, rows: list[DeploymentRow], change_groups: Callable[[list[str]], list[str]], action: str
) -> None:
    for row in rows:
        if row.source == "file":
            raise BadRequest(
                f"The model {row.model_name} is in the config file; set its model_info.access_groups there",
                type="bad_request_error",
                param="model_names",
            )
        after = msgspec.structs.replace(
            row, info=row.info | {FIELD: change_groups(groups_of(row))}, updated_by=change.actor.name
        )
        await store.save(change.db, after)
        await change.note(DEPLOYMENT, row.id, action, before=row, after=after)
