"""How the test of the permission table calls each path, on an object of its choice."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

_numbers = itertools.count()


class Place(Struct, kw_only=True):
    """Where an object is: in the caller's organization and team, elsewhere, or the caller's own."""

    name: str
    organization_id: str
    team_id: str
    user_id: str
    key: str
    owned: bool = False
    """Whether new keys of this place are of its user rather than of its team."""


Request = tuple[str, Any]
Make = Callable[[Any, Place], Awaitable[Request]]


class Try(Struct):
    """One way to call a path."""

    make: Make
    hides: bool = False
    """Whether a 404 is what a caller gets who may not know of the object."""
    lists: str | None = None
    """The field of a place whose value a list shows where the object is seen; None for other paths."""
    sums: bool = False
    """Whether the answer is a sum of all that the caller may see, whatever is named."""
    fine: tuple[int, ...] = (200,)
    """What a caller who may gets."""


def fresh(word: str) -> str:
    """Return a name that nothing has yet."""
    return f"{word}-{next(_numbers)}"


async def made(control: Any, path: str, body: dict[str, Any]) -> Any:
    """Make an object as the proxy admin."""
    answer = await control.post(path, body)
    assert answer.status == 200, answer.body
    return answer.json()


async def a_key(control: Any, place: Place) -> str:
    owner = {"user_id": place.user_id} if place.owned else {"team_id": place.team_id}
    return (await made(control, "/key/generate", owner))["token"]


async def a_team_key(control: Any, place: Place) -> str:
    return (await made(control, "/key/generate", {"team_id": place.team_id}))["token"]


async def a_team(control: Any, place: Place) -> str:
    return (await made(control, "/team/new", {"organization_id": place.organization_id}))["team_id"]


async def a_project(control: Any, place: Place) -> str:
    return (await made(control, "/project/new", {"team_id": place.team_id}))["project_id"]


async def a_user(control: Any, place: Place) -> str:
    body = {"organizations": [place.organization_id], "auto_create_key": False}
    return (await made(control, "/user/new", body))["user_id"]


async def a_team_member(control: Any, place: Place) -> str:
    user_id = await a_user(control, place)
    body = {"team_id": place.team_id, "member": {"user_id": user_id, "role": "user"}}
    await made(control, "/team/member_add", body)
    return user_id


def on(path: str, **body: Any) -> Make:
    """Call a path; `{team_id}` and the like in it and in the body stand for the place's."""

    async def make(_: Any, place: Place) -> Request:
        return _filled(path, place), {name: _filled(value, place) for name, value in body.items()}

    return make


def on_fresh(kind: Callable[[Any, Place], Awaitable[str]], path: str, **body: Any) -> Make:
    """The same on an object made for this call: `{fresh}`."""

    async def make(control: Any, place: Place) -> Request:
        id = await kind(control, place)
        values = {name: _filled(value, place, id) for name, value in body.items()}
        return _filled(path, place, id), values

    return make


def _filled(value: Any, place: Place, id: str = "") -> Any:
    if isinstance(value, str):
        known = {name: getattr(place, name) for name in place.__struct_fields__}
        return value.format(fresh=id, new=fresh("new"), **known) if "{" in value else value
    if isinstance(value, list):
        return [_filled(part, place, id) for part in value]
    if isinstance(value, dict):
        return {name: _filled(part, place, id) for name, part in value.items()}
    return value


async def _new_key(_: Any, place: Place) -> Request:
    owner = {"user_id": place.user_id} if place.owned else {"team_id": place.team_id}
    return "/key/generate", owner


async def _audited(control: Any, place: Place) -> Request:
    query = f"/audit/logs?resource=organization&resource_id={place.organization_id}&page_size=1"
    return f"/audit/{(await control.get(query)).json()['logs'][0]['id']}", None


MEMBER = {"user_id": "{new}", "role": "user"}
ORGANIZATION_MEMBER = {"user_id": "{new}", "role": "internal_user"}


def _customers(name: str) -> dict[str, Try]:
    return {
        f"POST /{name}/new": Try(on(f"/{name}/new", user_id="{new}")),
        f"POST /{name}/update": Try(on(f"/{name}/update", user_id="none"), fine=(404,)),
        f"POST /{name}/delete": Try(on(f"/{name}/delete", user_ids=["none"]), fine=(404,)),
        f"POST /{name}/block": Try(on(f"/{name}/block", user_ids=["{new}"])),
        f"POST /{name}/unblock": Try(on(f"/{name}/unblock", user_ids=["none"]), fine=(404,)),
        f"GET /{name}/info": Try(on(f"/{name}/info?end_user_id=none"), fine=(404,)),
        f"GET /{name}/list": Try(on(f"/{name}/list")),
    }


def _activity() -> dict[str, Try]:
    span = "start_date=2026-02-01&end_date=2026-02-02"
    lists = {"team": "team_id", "organization": "organization_id", "user": "user_id"}
    return {
        f"GET /{name}/daily/activity{more}": Try(
            on(f"/{name}/daily/activity{more}?{span}"), lists=lists.get(name)
        )
        for name in ("team", "organization", "user", "customer", "end_user", "tag", "agent")
        for more in ("", "/aggregated")
    }


TRIES: dict[str, Try] = {
    "POST /organization/new": Try(on("/organization/new", organization_alias="a")),
    "POST /org/create": Try(on("/org/create", name="a", slug="{new}")),
    "PATCH /organization/update": Try(
        on("/organization/update", organization_id="{organization_id}", metadata={"a": "b"})
    ),
    "POST /organization/update": Try(
        on("/organization/update", organization_id="{organization_id}", metadata={"a": "b"})
    ),
    "PATCH /v2/organization/{organization_id}": Try(on("/v2/organization/{organization_id}", metadata={})),
    "DELETE /organization/delete": Try(on("/organization/delete", organization_ids=["none"]), fine=(404,)),
    "DELETE /organization/delete/{organization_id}": Try(on("/organization/delete/none"), fine=(404,)),
    "GET /organization/info": Try(on("/organization/info?organization_id={organization_id}")),
    "POST /organization/info": Try(on("/organization/info", organizations=["{organization_id}"])),
    "GET /organization/list": Try(on("/organization/list"), lists="organization_id"),
    "GET /org/list": Try(on("/org/list"), lists="organization_id"),
    "POST /organization/member_add": Try(
        on("/organization/member_add", organization_id="{organization_id}", member=ORGANIZATION_MEMBER)
    ),
    "POST /org/{organization_id}/member/add": Try(
        on("/org/{organization_id}/member/add", user_id="{new}", role="member")
    ),
    "PATCH /organization/member_update": Try(
        on_fresh(
            a_user,
            "/organization/member_update",
            organization_id="{organization_id}",
            user_id="{fresh}",
            role="internal_user_viewer",
        )
    ),
    "DELETE /organization/member_delete": Try(
        on_fresh(
            a_user, "/organization/member_delete", organization_id="{organization_id}", user_id="{fresh}"
        )
    ),
    "POST /team/new": Try(on("/team/new", organization_id="{organization_id}")),
    "POST /team/create": Try(on("/team/create", name="a", slug="{new}", org_id="{organization_id}")),
    "GET /team/info": Try(on("/team/info?team_id={team_id}")),
    "GET /team/info/{team_id}": Try(on("/team/info/{team_id}")),
    "GET /team/list": Try(on("/team/list"), lists="team_id"),
    "GET /v2/team/list": Try(on("/v2/team/list?page_size=100"), lists="team_id"),
    "GET /team/permissions_list": Try(on("/team/permissions_list?team_id={team_id}")),
    "GET /team/permissions": Try(on("/team/permissions?team_id={team_id}")),
    "GET /team/available": Try(on("/team/available")),
    "POST /team/update": Try(on("/team/update", team_id="{team_id}", metadata={"a": "b"})),
    "PATCH /team/{team_id}": Try(on("/team/{team_id}", metadata={"a": "b"})),
    "POST /team/model/add": Try(on("/team/model/add", team_id="{team_id}", models=["m"])),
    "POST /team/model/delete": Try(on("/team/model/delete", team_id="{team_id}", models=["n"])),
    "POST /team/model/remove": Try(on("/team/model/remove", team_id="{team_id}", models=["n"])),
    "POST /team/permissions_update": Try(
        on("/team/permissions_update", team_id="{team_id}", team_member_permissions=["/key/info"])
    ),
    "POST /team/permissions": Try(
        on("/team/permissions", team_id="{team_id}", team_member_permissions=["/key/info"])
    ),
    "POST /team/permissions_bulk_update": Try(
        on("/team/permissions_bulk_update", team_ids=["{team_id}"], permissions=["/key/info"])
    ),
    "POST /team/delete": Try(on_fresh(a_team, "/team/delete", team_ids=["{fresh}"])),
    "POST /team/block": Try(on_fresh(a_team, "/team/block", team_id="{fresh}")),
    "POST /team/unblock": Try(on("/team/unblock", team_id="{team_id}")),
    "POST /team/member_add": Try(on("/team/member_add", team_id="{team_id}", member=MEMBER)),
    "POST /team/member/add": Try(on("/team/member/add", team_id="{team_id}", member=[MEMBER])),
    "POST /team/bulk_member_add": Try(on("/team/bulk_member_add", team_id="{team_id}", members=[MEMBER])),
    "POST /team/member_update": Try(
        on_fresh(a_team_member, "/team/member_update", team_id="{team_id}", user_id="{fresh}", rpm_limit=1)
    ),
    "POST /team/member_delete": Try(
        on_fresh(a_team_member, "/team/member_delete", team_id="{team_id}", user_id="{fresh}")
    ),
    "POST /team/member/delete": Try(
        on_fresh(a_team_member, "/team/member/delete", team_id="{team_id}", user_id="{fresh}")
    ),
    "GET /team/filter/ui": Try(on("/team/filter/ui?page_size=100"), lists="team_id"),
    "GET /team/metadata_schema": Try(on("/team/metadata_schema")),
    "GET /team/{team_id}/members/me": Try(on("/team/{team_id}/members/me"), fine=(200, 400, 404)),
    "POST /team/{team_id}/member/{user_id}/reset_spend": Try(
        on_fresh(a_team_member, "/team/{team_id}/member/{fresh}/reset_spend", reset_to=0)
    ),
    "POST /team/{team_id}/member/{user_id}/reset_budget": Try(
        on_fresh(a_team_member, "/team/{team_id}/member/{fresh}/reset_budget")
    ),
    "POST /management/v1/teams/{team_id}/members/bulk_delete": Try(
        on_fresh(
            a_team_member,
            "/management/v1/teams/{team_id}/members/bulk_delete",
            members=[{"user_id": "{fresh}"}],
        )
    ),
    "POST /management/v1/teams/{team_id}/members/bulk_update": Try(
        on_fresh(
            a_team_member,
            "/management/v1/teams/{team_id}/members/bulk_update",
            members=[{"user_id": "{fresh}"}],
        )
    ),
    "GET /team/{team_id:path}/callback": Try(on("/team/{team_id}/callback")),
    "POST /team/{team_id:path}/callback": Try(
        on("/team/{team_id}/callback", callback_name="{new}", callback_vars={})
    ),
    "DELETE /team/{team_id:path}/callback/{callback_name}": Try(
        on("/team/{team_id}/callback/none"), fine=(404,)
    ),
    "POST /team/{team_id}/disable_logging": Try(on("/team/{team_id}/disable_logging")),
    "POST /management/v1/users/bulk": Try(
        on("/management/v1/users/bulk", users=[{"organizations": ["{organization_id}"]}])
    ),
    "POST /management/v1/users/bulk_delete": Try(
        on_fresh(a_user, "/management/v1/users/bulk_delete", user_ids=["{fresh}"])
    ),
    "GET /user/available_users": Try(on("/user/available_users")),
    "POST /team/key/bulk_update": Try(
        on_fresh(
            a_team_key,
            "/team/key/bulk_update",
            team_id="{team_id}",
            key_ids=["{fresh}"],
            update_fields={"tags": ["a"]},
        )
    ),
    "POST /user/password/change": Try(on("/user/password/change", current_password="a", new_password="b")),
    "POST /invitation/new": Try(on_fresh(a_user, "/invitation/new", user_id="{fresh}")),
    "GET /invitation/info": Try(on("/invitation/info?invitation_id=none"), fine=(400,)),
    "POST /invitation/update": Try(
        on("/invitation/update", invitation_id="none", is_accepted=True), fine=(400,)
    ),
    "POST /invitation/delete": Try(on("/invitation/delete", invitation_id="none"), fine=(400,)),
    "POST /project/new": Try(on("/project/new", team_id="{team_id}")),
    "POST /project/update": Try(on_fresh(a_project, "/project/update", project_id="{fresh}")),
    "DELETE /project/delete": Try(on("/project/delete", project_ids=["none"]), fine=(404,)),
    "GET /project/info": Try(on_fresh(a_project, "/project/info?project_id={fresh}")),
    "GET /project/list": Try(on("/project/list"), lists="team_id"),
    "POST /jwt/key/mapping/new": Try(
        on_fresh(
            a_key, "/jwt/key/mapping/new", token="{fresh}", jwt_claim_name="sub", jwt_claim_value="{new}"
        )
    ),
    "POST /jwt/key/mapping/update": Try(on("/jwt/key/mapping/update", id="none"), fine=(404,)),
    "POST /jwt/key/mapping/delete": Try(on("/jwt/key/mapping/delete", id="none"), fine=(404,)),
    "GET /jwt/key/mapping/info": Try(on("/jwt/key/mapping/info?id=none"), fine=(404,)),
    "GET /jwt/key/mapping/list": Try(on("/jwt/key/mapping/list")),
    "POST /user/new": Try(on("/user/new", organizations=["{organization_id}"])),
    "GET /user/info": Try(on("/user/info?user_id={user_id}")),
    "GET /v2/user/info": Try(on("/v2/user/info?user_id={user_id}")),
    "GET /user/list": Try(on("/user/list?page_size=100&user_ids=mate,stranger,{user_id}"), lists="user_id"),
    "GET /user/get_users": Try(
        on("/user/get_users?page_size=100&user_ids=mate,stranger,{user_id}"), lists="user_id"
    ),
    "GET /user/filter/ui": Try(on("/user/filter/ui?user_id={user_id}"), lists="user_id"),
    "GET /user/available_roles": Try(on("/user/available_roles")),
    "POST /user/update": Try(on("/user/update", user_id="{user_id}", user_alias="a")),
    "POST /user/bulk_update": Try(
        on("/user/bulk_update", users=[{"user_id": "{user_id}", "user_alias": "a"}])
    ),
    "POST /user/delete": Try(on_fresh(a_user, "/user/delete", user_ids=["{fresh}"])),
    "POST /key/generate": Try(_new_key),
    "POST /key/service-account/generate": Try(on("/key/service-account/generate", team_id="{team_id}")),
    "POST /key/update": Try(on("/key/update", key="{key}", metadata={"a": "b"})),
    "POST /key/bulk_update": Try(on("/key/bulk_update", keys=[{"key": "{key}", "tags": ["a"]}])),
    "POST /key/regenerate": Try(on_fresh(a_key, "/key/regenerate", key="{fresh}")),
    "POST /key/{key:path}/regenerate": Try(on_fresh(a_key, "/key/{fresh}/regenerate")),
    "POST /key/delete": Try(on_fresh(a_key, "/key/delete", keys=["{fresh}"])),
    "GET /key/info": Try(on("/key/info?key={key}")),
    "POST /v2/key/info": Try(on("/v2/key/info", keys=["{key}"])),
    "GET /key/list": Try(on("/key/list?size=100&include_team_keys=true&key_hash={key}"), lists="key"),
    "GET /key/aliases": Try(on("/key/aliases?size=100"), lists=""),
    "POST /key/health": Try(on("/key/health")),
    "GET /key/health": Try(on("/key/health")),
    "POST /key/block": Try(on_fresh(a_key, "/key/block", key="{fresh}")),
    "POST /key/unblock": Try(on_fresh(a_key, "/key/unblock", key="{fresh}")),
    "POST /key/{key:path}/reset_spend": Try(on("/key/{key}/reset_spend", reset_to=0)),
    "POST /model/new": Try(on("/model/new", model_name="m", litellm_params={"model": "openai/m"})),
    "POST /model/update": Try(on("/model/update", model_info={"id": "none"}), fine=(400,)),
    "POST /model/delete": Try(on("/model/delete", id="none"), fine=(400,)),
    "GET /model/info": Try(on("/model/info")),
    "GET /v1/model/info": Try(on("/v1/model/info")),
    "GET /v2/model/info": Try(on("/v2/model/info")),
    "GET /spend/logs": Try(on("/spend/logs"), lists="key"),
    "GET /spend/logs/v2": Try(on("/spend/logs/v2"), lists="key"),
    "GET /spend/logs/ui": Try(on("/spend/logs/ui"), lists="key"),
    "GET /global/spend": Try(on("/global/spend")),
    "GET /spend/reconcile": Try(on("/spend/reconcile")),
    "GET /spend/dead_letters": Try(on("/spend/dead_letters")),
    "GET /spend/dead_letters/{id:int}": Try(on("/spend/dead_letters/7"), fine=(404,)),
    "POST /spend/dead_letters/replay": Try(on("/spend/dead_letters/replay", ids=[7]), fine=(200, 404)),
    "GET /audit": Try(on("/audit?page_size=100&object_id={organization_id}"), lists="organization_id"),
    "GET /audit/logs": Try(on("/audit/logs?org_id={organization_id}"), lists="organization_id"),
    "GET /audit/{id}": Try(_audited, fine=(200,), hides=True),
    "POST /budget/new": Try(on("/budget/new", max_budget=1)),
    "POST /budget/update": Try(on("/budget/update", budget_id="none"), fine=(400,)),
    "POST /budget/delete": Try(on("/budget/delete", id="none"), fine=(400,)),
    "POST /budget/info": Try(on("/budget/info", budgets=["none"])),
    "GET /budget/list": Try(on("/budget/list")),
    "GET /budget/settings": Try(on("/budget/settings?budget_id=none"), fine=(400,)),
    "GET /budget/logs": Try(on("/budget/logs?org_id={organization_id}")),
    "GET /budget/org/{organization_id}": Try(on("/budget/org/{organization_id}")),
    "POST /budget/org/{organization_id}/set": Try(on("/budget/org/{organization_id}/set", max_budget=1000)),
    **_customers("customer"),
    **_customers("end_user"),
    "POST /tag/new": Try(on("/tag/new", name="{new}")),
    "POST /tag/update": Try(on("/tag/update", name="none"), fine=(404,)),
    "POST /tag/delete": Try(on("/tag/delete", name="none"), fine=(404,)),
    "POST /tag/info": Try(on("/tag/info", names=["none"]), fine=(404,)),
    "GET /tag/list": Try(on("/tag/list")),
    "POST /access_group/new": Try(on("/access_group/new", access_group="g"), fine=(400,)),
    "GET /access_group/list": Try(on("/access_group/list")),
    "GET /access_group/{access_group}/info": Try(on("/access_group/g/info"), fine=(404,)),
    "PUT /access_group/{access_group}/update": Try(on("/access_group/g/update"), fine=(404,)),
    "DELETE /access_group/{access_group}/delete": Try(on("/access_group/g/delete"), fine=(404,)),
    "POST /access/explain": Try(on("/access/explain", key="{key}", route="/v1/chat/completions")),
    "PATCH /model/{model_id}/update": Try(on("/model/none/update"), fine=(400,)),
    **_activity(),
    "POST /config/reload": Try(on("/config/reload")),
    "GET /fleet": Try(on("/fleet")),
}
