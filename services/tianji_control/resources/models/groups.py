"""Model groups: the deployments of one name together, and which of them everybody may know of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tianji.errors import BadRequest, NotFound
from tianji.pricing.catalog import Catalog
from tianji_control.call import Call, Guarded, Open
from tianji_control.envelope import answer
from tianji_control.resources.models import service, store
from tianji_control.resources.models.priced import facts
from tianji_control.resources.models.store import DeploymentRow
from tianji_control.resources.prices import service as prices
from tianji_control.resources.settings import service as settings
from tianji_control.resources.settings import store as settings_store
from tianji_control.resources.settings.store import CALLS
from tianji_control.runtime import Runtime

PUBLIC = "public_model_groups"
LINKS = "public_model_groups_links"


class Group(Struct, frozen=True, kw_only=True):
    """What the deployments of one name can do together."""

    model_group: str
    providers: list[str]
    max_input_tokens: int | None
    max_output_tokens: int | None
    input_cost_per_token: float | None
    output_cost_per_token: float | None
    mode: str | None
    tpm: int | None
    rpm: int | None
    supports_parallel_function_calling: bool
    supports_vision: bool
    supports_web_search: bool
    supports_url_context: bool
    supports_reasoning: bool
    supports_function_calling: bool
    is_public_model_group: bool


class Groups(Struct, frozen=True):
    """The groups that the caller may use."""

    data: list[Group]


class WhichGroup(Struct, kw_only=True):
    """The query of `/model_group/info`."""

    model_group: str | None = None


class PublicGroups(Struct):
    """The body of `/model_group/make_public`."""

    model_groups: list[str]


class PublicGroupsSet(Struct, frozen=True):
    """Which groups everybody may know of."""

    message: str
    public_model_groups: list[str]
    updated_by: str


class Links(Struct):
    """The body of `/model_hub/update_useful_links`."""

    useful_links: dict[str, Any]


class LinksSet(Struct, frozen=True):
    """The links beside the public groups."""

    message: str
    useful_links: dict[str, Any]


class HubInfo(Struct, frozen=True, kw_only=True):
    """What stands beside the public groups."""

    docs_title: str
    custom_docs_description: str | None = None
    useful_links: dict[str, Any] | None


async def info(call: Call) -> Response:
    """GET /model_group/info"""
    name = call.query(WhichGroup).model_group
    rows = await service.listed(call, None)
    async with call.runtime.store.connection() as db:
        catalog = await prices.catalog(db)
        public = _public((await settings_store.in_force(db)).calls)
    found = grouped(rows, catalog, public)
    if name is not None:
        found = [group for group in found if group.model_group == name]
        if not found:
            raise NotFound(f"There is no model group {name!r}, or you may not use it", param="model_group")
    return call.answer(Groups(found))


async def make_public(call: Call) -> Response:
    """POST /model_group/make_public: these groups and no others"""
    wanted = list(dict.fromkeys((await call.body(PublicGroups)).model_groups))
    async with call.runtime.store.connection() as db:
        names = {row.model_name for row in await store.listed(db)}
    if missing := [name for name in wanted if name not in names]:
        message = f"There are no model groups {missing} here"
        raise BadRequest(message, type="bad_request_error", param="model_groups")
    await settings.write(call, {CALLS: {PUBLIC: wanted}}, "model_group:make_public")
    message = "Successfully updated public model groups"
    return call.answer(PublicGroupsSet(message, wanted, call.actor.name))


async def set_links(call: Call) -> Response:
    """POST /model_hub/update_useful_links"""
    links = (await call.body(Links)).useful_links
    await settings.write(call, {CALLS: {LINKS: links}}, "model_hub:links")
    return call.answer(LinksSet("Successfully updated useful links", links))


async def hub(request: Request) -> Response:
    """GET /public/model_hub: the public groups, for everybody"""
    runtime: Runtime = request.state.runtime
    runtime.require_started()
    async with runtime.store.connection() as db:
        public = _public((await settings_store.in_force(db)).calls)
        rows = [row for row in await store.listed(db) if row.model_name in public and row.team_id is None]
        catalog = await prices.catalog(db)
    return answer(grouped(rows, catalog, public))


async def hub_info(request: Request) -> Response:
    """GET /public/model_hub/info"""
    runtime: Runtime = request.state.runtime
    runtime.require_started()
    async with runtime.store.connection() as db:
        links = (await settings_store.in_force(db)).calls.get(LINKS)
    return answer(HubInfo(docs_title="TianjiLLM", useful_links=links if isinstance(links, dict) else None))


def grouped(rows: Iterable[DeploymentRow], catalog: Catalog, public: frozenset[str]) -> list[Group]:
    """Gather deployments that serve under the names that callers use."""
    found: dict[str, list[DeploymentRow]] = {}
    for row in rows:
        if not row.blocked:
            own = row.info.get("team_public_model_name") if row.team_id else None
            found.setdefault(own if isinstance(own, str) else row.model_name, []).append(row)
    return [_group(name, of, catalog, name in public) for name, of in sorted(found.items())]


def _group(name: str, rows: list[DeploymentRow], catalog: Catalog, public: bool) -> Group:
    known = [facts(row, catalog) for row in rows]

    def most(field: str) -> Any:
        return max((one[field] for one in known if one.get(field) is not None), default=None)

    def any_can(ability: str) -> bool:
        return any(one.get(f"supports_{ability}") is True for one in known)

    def together(limit: str) -> int | None:
        limits = [row.params.get(limit) for row in rows]
        said = [one for one in limits if isinstance(one, int) and not isinstance(one, bool)]
        return sum(said) if said else None

    return Group(
        model_group=name,
        providers=list(dict.fromkeys(row.provider for row in rows)),
        max_input_tokens=most("max_input_tokens"),
        max_output_tokens=most("max_output_tokens"),
        input_cost_per_token=most("input_cost_per_token"),
        output_cost_per_token=most("output_cost_per_token"),
        mode=next((one["mode"] for one in known if one["mode"]), None),
        tpm=together("tpm"),
        rpm=together("rpm"),
        supports_parallel_function_calling=any_can("parallel_function_calling"),
        supports_vision=any_can("vision"),
        supports_web_search=any_can("web_search"),
        supports_url_context=any_can("url_context"),
        supports_reasoning=any_can("reasoning"),
        supports_function_calling=any_can("function_calling"),
        is_public_model_group=public,
    )


def _public(calls: dict[str, Any]) -> frozenset[str]:
    listed = calls.get(PUBLIC)
    return (
        frozenset(name for name in listed if isinstance(name, str))
        if isinstance(listed, list)
        else frozenset()
    )


routes = [
    Guarded("GET", "/model_group/info", info, "model:read", query=WhichGroup, gives=Groups),
    Guarded(
        "POST",
        "/model_group/make_public",
        make_public,
        "model:update",
        body=PublicGroups,
        gives=PublicGroupsSet,
    ),
    Guarded("POST", "/model_hub/update_useful_links", set_links, "model:update", body=Links, gives=LinksSet),
    Open("/public/model_hub", hub, methods=["GET"], gives=list[Group]),
    Open("/public/model_hub/info", hub_info, methods=["GET"], gives=HubInfo),
]
