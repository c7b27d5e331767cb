"""`/tag/…`: what requests are marked with."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.budgets.shown import shown as budget_shown
from tianji_control.resources.tags import service, store
from tianji_control.resources.tags.answers import TagDeleted, TagListed, TagSaid, TagShown
from tianji_control.resources.tags.service import Tag, TagFields

MOST_USED = 10_000


class Names(Struct):
    """The body of `/tag/info`."""

    names: list[str]


class OneTag(Struct):
    """The body of `/tag/delete`."""

    name: str


async def new(call: Call) -> Response:
    """POST /tag/new: describe a tag"""
    _, said = await call.said(TagFields)
    made = await service.create(call, said)
    return call.answer({"message": f"Tag {made.row.name} created successfully", "tag": _shown(made)})


async def update(call: Call) -> Response:
    """POST /tag/update: change what is named of a tag"""
    _, said = await call.said(TagFields)
    changed = await service.update(call, said)
    return call.answer({"message": f"Tag {changed.row.name} updated successfully", "tag": _shown(changed)})


async def info(call: Call) -> Response:
    """POST /tag/info: tags by their names"""
    names = (await call.body(Names)).names
    if not names:
        raise WrongFields([Fault(["body", "names"], "name at least one tag", "missing")])
    async with call.runtime.store.connection() as db:
        found = await service.whole(db, await store.listed(db, names))
    if lost := set(names) - {tag.row.name for tag in found}:
        raise service.missing(", ".join(sorted(lost)))
    only = found[0].row if len(found) == 1 else None
    return call.answer({tag.row.name: _shown(tag) for tag in found}, version=only)


async def listed(call: Call) -> Response:
    """GET /tag/list: tags that are described, then those that requests have carried"""
    async with call.runtime.store.connection() as db:
        found = await service.whole(db, await store.listed(db))
        used = await store.used(db, MOST_USED)
    dynamic = [
        {
            "name": tag.name,
            "description": "carried by requests; nobody has described it",
            "models": None,
            "created_at": tag.updated_at,
            "updated_at": tag.updated_at,
        }
        for tag in used
    ]
    return call.answer([*(_shown(tag) for tag in found), *dynamic])


async def delete(call: Call) -> Response:
    """POST /tag/delete: delete a tag"""
    name = (await call.body(OneTag)).name
    await service.delete(call, name)
    return call.answer({"message": f"Tag {name} deleted successfully"})


def _shown(tag: Tag) -> dict[str, Any]:
    row = tag.row
    return {
        "name": row.name,
        "description": row.description,
        "models": row.models,
        "model_info": row.model_info,
        "spend": float(tag.spend),
        "budget_id": row.budget_id,
        "litellm_budget_table": None if tag.budget is None else budget_shown(tag.budget),
        "created_at": row.created_at,
        "created_by": row.created_by,
        "updated_at": row.updated_at,
    }


routes = [
    Guarded("POST", "/tag/new", new, "tag:create", body=TagFields, gives=TagSaid),
    Guarded("POST", "/tag/update", update, "tag:update", body=TagFields, gives=TagSaid),
    Guarded("POST", "/tag/info", info, "tag:read", body=Names, gives=dict[str, TagShown]),
    Guarded("GET", "/tag/list", listed, "tag:read", gives=list[TagListed]),
    Guarded("POST", "/tag/delete", delete, "tag:delete", body=OneTag, gives=TagDeleted),
]
