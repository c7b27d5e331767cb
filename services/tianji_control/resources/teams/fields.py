"""What a request may say about a team, and where each field is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from tianji_control.limits import check_limits
from tianji_control.resources.laid import laid

Map = dict[str, Any]


class Member(Struct):
    """A member of a team, by id or e-mail address."""

    role: Literal["admin", "user"]
    user_id: str | None = None
    user_email: str | None = None


class TeamFields(Struct, kw_only=True):
    """What `/team/new` and `/team/update` may say of a team."""

    team_alias: str | None = None
    organization_id: str | None = None
    team_member_permissions: list[str] | None = None
    metadata: Map | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    tpd_limit: int | None = None
    max_budget: Decimal | None = None
    soft_budget: Decimal | None = None
    budget_duration: str | None = None
    budget_limits: list[Map] | None = None
    models: list[str] = []
    blocked: bool = False
    max_parallel_requests: int | None = None
    router_settings: Map | None = None
    access_group_ids: list[str] | None = None
    default_team_member_models: list[str] | None = None
    model_aliases: dict[str, str] | None = None
    model_max_budget: Map | None = None
    tags: list[str] | None = None
    guardrails: list[str] | None = None
    policies: list[str] | None = None
    prompts: list[str] | None = None
    object_permission: Map | None = None
    allowed_passthrough_routes: list[str] | None = None
    denied_passthrough_routes: list[str] | None = None
    disable_global_guardrails: bool | None = None
    require_trace_id: bool | None = None
    secret_manager_settings: Map | None = None
    model_rpm_limit: dict[str, int] | None = None
    model_tpm_limit: dict[str, int] | None = None
    mcp_rpm_limit: dict[str, int] | None = None
    rpm_limit_type: Literal["guaranteed_throughput", "best_effort_throughput"] | None = None
    tpm_limit_type: Literal["guaranteed_throughput", "best_effort_throughput"] | None = None
    default_estimated_output_tokens: int | None = None
    default_estimated_output_tokens_per_model: dict[str, int] | None = None
    team_member_budget: Decimal | None = None
    team_member_rpm_limit: int | None = None
    team_member_tpm_limit: int | None = None
    team_member_key_duration: str | None = None
    team_member_budget_duration: str | None = None
    team_member_model_max_budget: Map | None = None
    allowed_vector_store_indexes: list[Map] | None = None
    enforced_batch_output_expires_after: Map | None = None
    enforced_file_expires_after: Map | None = None


class NewTeam(TeamFields, kw_only=True):
    """The body of `/team/new`; other gateways' names of its fields are taken, too."""

    team_id: str | None = None
    admins: list[str] = []
    members: list[str] = []
    members_with_roles: list[Member] = []
    name: str | None = None
    slug: str | None = None
    org_id: str | None = None


class TeamChange(TeamFields, kw_only=True):
    """The body of `/team/update`."""

    team_id: str


COLUMNS = (
    "organization_id",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "max_budget",
    "soft_budget",
    "budget_duration",
    "models",
    "blocked",
    "max_parallel_requests",
)
"""Fields with a column of the same name."""

IN_METADATA = (
    "tags",
    "guardrails",
    "policies",
    "prompts",
    "disable_global_guardrails",
    "model_rpm_limit",
    "model_tpm_limit",
    "mcp_rpm_limit",
    "rpm_limit_type",
    "tpm_limit_type",
    "allowed_passthrough_routes",
    "denied_passthrough_routes",
    "default_estimated_output_tokens",
    "default_estimated_output_tokens_per_model",
)
"""Fields that LiteLLM keeps in the team's metadata, where its scripts look for them."""

_ELSEWHERE = ("team_alias", "metadata", "model_aliases")
IN_EXTRA = tuple(
    name for name in TeamFields.__struct_fields__ if name not in (*COLUMNS, *IN_METADATA, *_ELSEWHERE)
)
"""Fields that are kept and shown."""

LIMITS = (
    *("organization_id", "tpm_limit", "rpm_limit", "tpd_limit", "max_budget", "soft_budget"),
    *("budget_duration", "budget_limits", "model_max_budget", "blocked", "max_parallel_requests"),
)
"""What an update may name only with the permission to limit the team."""

_EMPTY: Map = {"models": [], "blocked": False}
"""What null means for columns that are never null."""


def columns(said: Map, metadata: Map, extra: Map) -> Map:
    """Lay a request's fields out over the columns; `metadata` and `extra` are those of before."""
    check_limits(said)
    row = {
        name: said[name] if said[name] is not None else _EMPTY.get(name) for name in COLUMNS if name in said
    }
    if "team_alias" in said:
        row["alias"] = said["team_alias"]
    if "model_aliases" in said:
        row["aliases"] = said["model_aliases"] or {}
    kept = (said["metadata"] or {}) if "metadata" in said else metadata
    row["metadata"] = laid(kept, said, IN_METADATA)
    row["extra"] = laid(extra, said, IN_EXTRA)
    return row
