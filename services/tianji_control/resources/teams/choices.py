"""What pages offer to choose from: teams by a part of their name, and fields for a team's metadata."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.paging import PageNumber, Size
from tianji_control.resources.settings import store as settings
from tianji_control.resources.teams import store
from tianji_control.resources.teams.store import Order, Wanted


class TeamParts(Struct, kw_only=True):
    """The query of `/team/filter/ui`."""

    team_id: str | None = None
    team_alias: str | None = None
    page: PageNumber = 1
    page_size: Size = 50


class Choice(Struct, kw_only=True):
    """A team to choose."""

    team_id: str
    team_alias: str | None
    organization_id: str | None


class MetadataField(Struct, kw_only=True):
    """A field that the config declares for the metadata of teams."""

    key: str
    label: str | None = None


class MetadataSchema(Struct):
    """All fields that the config declares for the metadata of teams."""

    fields: list[MetadataField]


async def suggested(call: Call) -> Response:
    """GET /team/filter/ui"""
    ask = call.query(TeamParts)
    sight = call.sight("team:read")
    wanted = Wanted(
        team_id_part=ask.team_id,
        team_alias=ask.team_alias,
        sees_all=sight.all,
        teams=sight.teams,
        organizations=sight.organizations,
    )
    order = Order(
        sort_by="created_at", descending=True, limit=ask.page_size, offset=(ask.page - 1) * ask.page_size
    )
    async with call.runtime.store.connection() as db:
        rows = await store.page(db, wanted, order)
    return call.answer(
        [
            Choice(team_id=row.team_id, team_alias=row.alias, organization_id=row.organization_id)
            for row in rows
        ]
    )


async def metadata_schema(call: Call) -> Response:
    """GET /team/metadata_schema: what `general_settings.team_metadata_schema` declares"""
    call.sight("open:read")
    async with call.runtime.store.connection() as db:
        declared = (await settings.in_force(db)).general.get("team_metadata_schema")
    entries = [entry for entry in declared if isinstance(entry, dict)] if isinstance(declared, list) else []
    fields = [
        MetadataField(key=str(entry["key"]), label=entry.get("label"))
        for entry in entries
        if entry.get("key")
    ]
    return call.answer(MetadataSchema(fields))


routes = [
    Guarded("GET", "/team/filter/ui", suggested, "team:read", query=TeamParts, gives=list[Choice]),
    Guarded("GET", "/team/metadata_schema", metadata_schema, "open:read", gives=MetadataSchema),
]
