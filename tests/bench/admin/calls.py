"""The calls that are measured: by name, how the n-th one is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.admin.fill import secret_of

STRIDE = 7919
"""Calls are spread over the rows: a prime, so that they meet different teams and users."""


@dataclass(frozen=True)
class Size:
    """How much there is."""

    keys: int
    teams: int


@dataclass(frozen=True)
class Ask:
    """One call."""

    method: str
    path: str
    body: dict[str, Any] | None = None


Make = Callable[[int, Size], Ask]


def _get(path: str) -> Make:
    """Make a GET; `{key}`, `{team}`, `{user}`, `{organization}`, `{n}` are filled in, each time anew."""
    return lambda n, size: Ask("GET", path.format(**_names(n, size)))


def _post(path: str, *, method: str = "POST", **body: Any) -> Make:
    return lambda n, size: Ask(method, path.format(**_names(n, size)), _filled(body, _names(n, size)))


def _names(n: int, size: Size) -> dict[str, str]:
    place = n * STRIDE
    return {
        "n": str(n),
        "key": secret_of(place % size.keys),
        "alias": f"service-{place % size.keys}",
        "team": f"team-{place % size.teams}",
        "user": f"user-{place % (size.teams * 2)}",
        "organization": f"org-{place % (size.teams // 10)}",
        "customer": f"customer-{place % (size.keys // 10)}",
        "deep": str(max(1, size.keys // 50 - n)),
        "half": str(max(1, size.keys // 100 - n)),
        "last_customers": str(max(1, size.keys // 500 - n)),
        "last_audit": str(max(1, size.keys // 100 - n)),
        "last_teams": str(max(1, size.teams // 50 - n % 50)),
        "last_users": str(max(1, size.teams // 25 - n % 50)),
    }


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {field: _filled(one, names) for field, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, names) for one in value]
    return value.format(**names) if isinstance(value, str) else value


CALLS: dict[str, Make] = {
    "key generate": _post(
        "/key/generate", key="sk-made-{n}", key_alias="made-{n}", team_id="{team}", models=["m"]
    ),
    "key info": _get("/key/info?key={key}"),
    "key update": _post("/key/update", key="{key}", metadata={"n": "{n}"}, rpm_limit=10),
    "key block": _post("/key/block", key="{key}"),
    "key unblock": _post("/key/unblock", key="{key}"),
    "key regenerate": _post("/key/sk-made-{n}/regenerate", new_key="sk-again-{n}"),
    "key bulk update (20)": lambda n, size: Ask(
        "POST",
        "/key/bulk_update",
        {"keys": [{"key": secret_of((n * STRIDE + i) % size.keys), "max_budget": 5} for i in range(20)]},
    ),
    "key v2 info (20)": lambda n, size: Ask(
        "POST", "/v2/key/info", {"keys": [secret_of((n * STRIDE + i) % size.keys) for i in range(20)]}
    ),
    "key delete": _post("/key/delete", keys=["sk-again-{n}"]),
    "key list": _get("/key/list?size=50&return_full_object=true"),
    "key list, a page in the middle": _get("/key/list?size=50&page={half}"),
    "key list, the last pages": _get("/key/list?size=50&page={deep}"),
    "key list of a team": _get("/key/list?size=50&team_id={team}&return_full_object=true"),
    "key list of a user": _get("/key/list?size=50&user_id={user}"),
    "key list of an organization": _get("/key/list?size=50&organization_id={organization}"),
    "key list by alias": _get("/key/list?key_alias={alias}"),
    "key list by part of an alias": _get("/key/list?key_alias=vice-{n}1&substring_matching=true"),
    "key list by part of a user": _get("/key/list?user_id=ser-{n}1&substring_matching=true"),
    "key list by search": _get("/key/list?search={alias}"),
    "key list by a search for most": _get("/key/list?search=service"),
    "key list by hash": _get("/key/list?key_hash={key}"),
    "key list, active": _get("/key/list?status=active"),
    "key list, blocked": _get("/key/list?status=blocked"),
    "key list, expired": _get("/key/list?status=expired"),
    "key list, deleted": _get("/key/list?status=deleted"),
    "key list that expire soon": _get("/key/list?expires=2020-01-01"),
    "key list by creation, oldest first": _get("/key/list?sort_by=created_at&sort_order=asc"),
    "key list by alias order": _get("/key/list?sort_by=key_alias&sort_order=asc"),
    "key list by last change": _get("/key/list?sort_by=updated_at"),
    "key list by expiry": _get("/key/list?sort_by=expires"),
    "key list by budget": _get("/key/list?sort_by=max_budget"),
    "key list by user order": _get("/key/list?sort_by=user_id"),
    "key list by team order": _get("/key/list?sort_by=team_id"),
    "key list by spend": _get("/key/list?sort_by=spend"),
    "key aliases": _get("/key/aliases"),
    "key aliases, a page in the middle": _get("/key/aliases?size=50&page={half}"),
    "key aliases by search": _get("/key/aliases?search={alias}"),
    "team new": _post(
        "/team/new", team_id="made-{n}", team_alias="Made {n}", organization_id="{organization}"
    ),
    "team info": _get("/team/info?team_id={team}"),
    "team update": _post("/team/update", team_id="{team}", metadata={"n": "{n}"}),
    "team block": _post("/team/block", team_id="{team}"),
    "team unblock": _post("/team/unblock", team_id="{team}"),
    "team member add": _post(
        "/team/member_add", team_id="made-{n}", member={"role": "user", "user_id": "{user}"}
    ),
    "team member update": _post("/team/member_update", team_id="made-{n}", user_id="{user}", role="admin"),
    "team member delete": _post("/team/member_delete", team_id="made-{n}", user_id="{user}"),
    "team delete": _post("/team/delete", team_ids=["made-{n}"]),
    "team list of a user": _get("/team/list?user_id={user}"),
    "team list of an organization": _get("/team/list?organization_id={organization}"),
    "team v2 list": _get("/v2/team/list?page_size=50"),
    "team v2 list, the last pages": _get("/v2/team/list?page_size=50&page={last_teams}"),
    "team v2 list by search": _get("/v2/team/list?search=eam {n}1"),
    "team daily activity": _get(
        "/team/daily/activity?team_ids={team}&start_date=2026-01-01&end_date=2027-12-31"
    ),
    "user new": _post(
        "/user/new", user_id="made-{n}", user_email="made{n}@example.org", auto_create_key=False
    ),
    "user info": _get("/user/info?user_id={user}"),
    "user update": _post("/user/update", user_id="made-{n}", metadata={"n": "{n}"}),
    "user delete": _post("/user/delete", user_ids=["made-{n}"]),
    "user list": _get("/user/list?page_size=50"),
    "user list, the last pages": _get("/user/list?page_size=25&page={last_users}"),
    "user list by part of an address": _get("/user/list?user_email=person{n}1"),
    "organization new": _post("/organization/new", organization_id="made-{n}", organization_alias="Made {n}"),
    "organization info": _get("/organization/info?organization_id={organization}"),
    "organization update": _post(
        "/organization/update", method="PATCH", organization_id="made-{n}", models=["m"]
    ),
    "organization member add": _post(
        "/organization/member_add",
        organization_id="made-{n}",
        member={"role": "internal_user", "user_id": "{user}"},
    ),
    "organization delete": _post("/organization/delete", method="DELETE", organization_ids=["made-{n}"]),
    "organization list (50)": _get("/organization/list?size=50"),
    "customer new": _post("/customer/new", user_id="made-{n}"),
    "customer info": _get("/customer/info?end_user_id={customer}"),
    "customer update": _post("/customer/update", user_id="made-{n}", alias="Made {n}"),
    "customer block": _post("/customer/block", user_ids=["made-{n}"]),
    "customer delete": _post("/customer/delete", user_ids=["made-{n}"]),
    "customer list": _get("/customer/list"),
    "customer list, the last pages": _get("/customer/list?page_size=50&page={last_customers}"),
    "customer list by search": _get("/customer/list?search=tomer-{n}1"),
    "tag new": _post("/tag/new", name="made-{n}"),
    "tag info": _post("/tag/info", names=["made-{n}"]),
    "tag list": _get("/tag/list"),
    "tag delete": _post("/tag/delete", name="made-{n}"),
    "budget new": _post("/budget/new", budget_id="made-{n}", max_budget=5),
    "budget info": _post("/budget/info", budgets=["made-{n}"]),
    "budget update": _post("/budget/update", budget_id="made-{n}", max_budget=6),
    "budget list": _get("/budget/list"),
    "budget delete": _post("/budget/delete", id="made-{n}"),
    "access explain": lambda n, size: Ask(
        "POST",
        "/access/explain",
        {"key": _names(n, size)["key"], "model": "m", "route": "/v1/chat/completions"},
    ),
    "audit": _get("/audit"),
    "audit logs": _get("/audit/logs"),
    "audit, the last pages": _get("/audit?page_size=50&page={last_audit}"),
    "audit of an actor": _get("/audit?changed_by=user-{n}"),
    "audit of an action": _get("/audit?action=updated"),
    "audit of an object": _get("/audit?object_id=object-{n}"),
    "spend logs, a page": _get("/spend/logs/v2"),
    "spend logs of a key": _get("/spend/logs/v2?api_key={key}"),
    "spend logs of a team": _get("/spend/logs/v2?team_id={team}"),
    "spend logs of a user": _get("/spend/logs/v2?user_id=user-{n}"),
    "global spend": _get("/global/spend"),
}
