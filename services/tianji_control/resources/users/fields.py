"""What a request may say about a user, and where each field is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji_control.limits import check_limits

Map = dict[str, Any]


class NewUser(Struct, kw_only=True):
    """The body of `/user/new`: about the user, and about the key that is made along."""

    user_id: str | None = None
    user_email: str | None = None
    user_alias: str | None = None
    user_role: str | None = None
    sso_user_id: str | None = None
    teams: list[str | Map] | None = None
    team_id: str | None = None
    organizations: list[str] | None = None
    auto_create_key: bool = True
    send_invite_email: bool | None = None
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


COLUMNS = (
    "sso_user_id",
    "max_budget",
    "budget_duration",
    "tpm_limit",
    "rpm_limit",
    "max_parallel_requests",
)
"""Fields with a column of the same name."""

IN_EXTRA = ("organizations", "model_max_budget", "allowed_cache_controls", "policies", "object_permission")
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


def columns(ask: NewUser) -> Map:
    """Lay a request's fields out over the columns."""
    check_limits(msgspec.structs.asdict(ask))
    row: Map = {name: getattr(ask, name) for name in COLUMNS}
    row["alias"] = ask.user_alias
    row["email"] = ask.user_email
    row["models"] = ask.models or []
    row["metadata"] = ask.metadata or {}
    row["extra"] = {
        name: msgspec.to_builtins(getattr(ask, name)) for name in IN_EXTRA if getattr(ask, name) is not None
    }
    if ask.user_role is not None:
        row["role"] = ask.user_role
    return row


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
