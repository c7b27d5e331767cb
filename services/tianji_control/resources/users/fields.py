"""What a request may say about a user, and where each field is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji.errors import BadRequest
from tianji_control.access.roles import SYSTEM
from tianji_control.limits import check_limits

Map = dict[str, Any]


class UserFields(Struct, kw_only=True):
    """What `/user/new` and `/user/update` may say about a user."""

    user_id: str | None = None
    user_email: str | None = None
    user_alias: str | None = None
    user_role: str | None = None
    sso_user_id: str | None = None
    organizations: list[str] | None = None
    max_budget: Decimal | None = None
    budget_duration: str | None = None
    models: list[str] | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    max_parallel_requests: int | None = None
    metadata: Map | None = None
    blocked: bool | None = None
    key_alias: str | None = None
    duration: str | None = None
    spend: Decimal | None = None
    aliases: dict[str, str] | None = None
    config: Map | None = None
    permissions: Map | None = None
    allowed_cache_controls: list[str] | None = None
    agent_id: str | None = None
    budget_limits: list[Map] | None = None
    model_max_budget: Map | None = None
    budget_fallbacks: dict[str, list[str]] | None = None
    model_rpm_limit: Map | None = None
    model_tpm_limit: Map | None = None
    mcp_rpm_limit: dict[str, int] | None = None
    tag_rpm_limit: dict[str, int] | None = None
    guardrails: list[str] | None = None
    policies: list[str] | None = None
    prompts: list[str] | None = None
    object_permission: Map | None = None


class NewUser(UserFields, kw_only=True):
    """The body of `/user/new`: about the user, and about the key that is made along."""

    teams: list[str | Map] | None = None
    team_id: str | None = None
    auto_create_key: bool = True
    send_invite_email: bool | None = None


_RENAMED = {"user_alias": "alias", "user_email": "email"}

COLUMNS = (
    "sso_user_id",
    "models",
    "blocked",
    "metadata",
    "max_budget",
    "budget_duration",
    "tpm_limit",
    "rpm_limit",
    "max_parallel_requests",
)
"""Fields with a column of the same name."""

IN_EXTRA = ("model_max_budget", "allowed_cache_controls", "policies", "object_permission")
"""Fields that are kept and shown."""

OF_THE_KEY = (
    "key_alias",
    "duration",
    "spend",
    "team_id",
    "models",
    "metadata",
    "aliases",
    "config",
    "permissions",
    "allowed_cache_controls",
    "agent_id",
    "blocked",
    "model_rpm_limit",
    "model_tpm_limit",
    "mcp_rpm_limit",
    "tag_rpm_limit",
    "guardrails",
    "policies",
    "prompts",
    "budget_limits",
    "budget_fallbacks",
    "object_permission",
)
"""Fields that also say what the user's first key is like; limits of the user are not the key's."""


LIMITS = (
    *("user_role", "models", "blocked", "spend", "max_budget", "budget_duration", "tpm_limit"),
    *("rpm_limit", "max_parallel_requests", "model_max_budget"),
)
"""What an update may name only with the permission to limit the user."""

_EMPTY: Map = {"models": [], "blocked": False, "metadata": {}}
"""What null means for columns that are never null."""


def columns(said: Map, extra: Map) -> Map:
    """Lay a request's fields out over the columns; `extra` is that of before."""
    check_limits(said)
    row = {
        name: said[name] if said[name] is not None else _EMPTY.get(name) for name in COLUMNS if name in said
    }
    row |= {column: said[name] for name, column in _RENAMED.items() if name in said}
    merged = extra | {name: msgspec.to_builtins(said[name]) for name in IN_EXTRA if name in said}
    row["extra"] = {name: value for name, value in merged.items() if value is not None}
    if said.get("user_role") is not None:
        row["role"] = _role(said["user_role"])
    return row


def _role(name: str) -> str:
    if name not in SYSTEM:
        message = f"user_role is {name!r}; it must be one of {', '.join(SYSTEM)}"
        raise BadRequest(message, type="bad_request_error", param="user_role")
    return SYSTEM[name].value


def key_fields(ask: NewUser, user_id: str) -> Map:
    """Return what the request says of the key that is made along."""
    said = {name: getattr(ask, name) for name in OF_THE_KEY if getattr(ask, name) is not None}
    return said | {"user_id": user_id}


def teams_of(ask: NewUser) -> dict[str, str]:
    """Return the teams that a new user joins, with the role in each."""
    teams = {ask.team_id: "user"} if ask.team_id else {}
    for team in ask.teams or []:
        if isinstance(team, str):
            teams[team] = "user"
        elif isinstance(team.get("team_id"), str):
            teams[team["team_id"]] = "admin" if team.get("user_role") == "admin" else "user"
    return teams
