"""What a request may say about a key, and where each field is kept."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tianji.domain.addresses import is_range
from tianji.errors import BadRequest
from tianji_control.limits import check_limits

Map = dict[str, Any]


class KeyFields(Struct, kw_only=True):
    """The fields of LiteLLM's key requests; what a request does not name is UNSET."""

    key: str | UnsetType | None = UNSET
    key_alias: str | UnsetType | None = UNSET
    duration: str | UnsetType | None = UNSET
    models: list[str] | UnsetType | None = UNSET
    spend: Decimal | UnsetType | None = UNSET
    max_budget: Decimal | UnsetType | None = UNSET
    user_id: str | UnsetType | None = UNSET
    team_id: str | UnsetType | None = UNSET
    agent_id: str | UnsetType | None = UNSET
    max_parallel_requests: int | UnsetType | None = UNSET
    metadata: Map | UnsetType | None = UNSET
    tpm_limit: int | UnsetType | None = UNSET
    rpm_limit: int | UnsetType | None = UNSET
    budget_duration: str | UnsetType | None = UNSET
    budget_limits: list[Map] | UnsetType | None = UNSET
    allowed_cache_controls: list[str] | UnsetType | None = UNSET
    config: Map | UnsetType | None = UNSET
    permissions: Map | UnsetType | None = UNSET
    model_max_budget: Map | UnsetType | None = UNSET
    budget_fallbacks: dict[str, list[str]] | UnsetType | None = UNSET
    model_rpm_limit: Map | UnsetType | None = UNSET
    model_tpm_limit: Map | UnsetType | None = UNSET
    mcp_rpm_limit: dict[str, int] | UnsetType | None = UNSET
    tag_rpm_limit: dict[str, int] | UnsetType | None = UNSET
    guardrails: list[str] | UnsetType | None = UNSET
    policies: list[str] | UnsetType | None = UNSET
    prompts: list[str] | UnsetType | None = UNSET
    blocked: bool | UnsetType | None = UNSET
    aliases: dict[str, str] | UnsetType | None = UNSET
    object_permission: Map | UnsetType | None = UNSET
    tpd_limit: int | UnsetType | None = UNSET
    default_estimated_output_tokens: int | UnsetType | None = UNSET
    default_estimated_output_tokens_per_model: dict[str, int] | UnsetType | None = UNSET
    budget_id: str | UnsetType | None = UNSET
    end_user_budget_id: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    disable_global_guardrails: bool | UnsetType | None = UNSET
    enable_prompt_caching: bool | UnsetType | None = UNSET
    throttle_on_budget_exceeded: bool | UnsetType | None = UNSET
    enforced_params: list[str] | UnsetType | None = UNSET
    allowed_routes: list[str] | UnsetType | None = UNSET
    allowed_ips: list[str] | UnsetType | None = UNSET
    allowed_passthrough_routes: list[Any] | UnsetType | None = UNSET
    denied_passthrough_routes: list[str] | UnsetType | None = UNSET
    allowed_vector_store_indexes: list[Map] | UnsetType | None = UNSET
    rpm_limit_type: str | UnsetType | None = UNSET
    tpm_limit_type: str | UnsetType | None = UNSET
    router_settings: Map | UnsetType | None = UNSET
    access_group_ids: list[str] | UnsetType | None = UNSET
    soft_budget: Decimal | UnsetType | None = UNSET
    key_type: str | UnsetType | None = UNSET
    auto_rotate: bool | UnsetType | None = UNSET
    rotation_interval: str | UnsetType | None = UNSET
    organization_id: str | UnsetType | None = UNSET
    project_id: str | UnsetType | None = UNSET
    temp_budget_increase: Decimal | UnsetType | None = UNSET
    temp_budget_expiry: datetime | UnsetType | None = UNSET


COLUMNS = {"key_alias": "alias"} | {
    name: name
    for name in [
        "models",
        "max_budget",
        "user_id",
        "team_id",
        "agent_id",
        "max_parallel_requests",
        "metadata",
        "tpm_limit",
        "rpm_limit",
        "budget_duration",
        "allowed_cache_controls",
        "config",
        "permissions",
        "model_max_budget",
        "blocked",
        "aliases",
        "tpd_limit",
        "budget_id",
        "allowed_routes",
        "allowed_ips",
        "soft_budget",
        "key_type",
        "organization_id",
        "project_id",
        "auto_rotate",
        "rotation_interval",
    ]
}
"""Fields with a column of their own, and its name."""

IN_METADATA = (
    "model_rpm_limit",
    "model_tpm_limit",
    "mcp_rpm_limit",
    "tag_rpm_limit",
    "guardrails",
    "policies",
    "prompts",
    "tags",
    "disable_global_guardrails",
    "enforced_params",
    "allowed_passthrough_routes",
    "denied_passthrough_routes",
    "rpm_limit_type",
    "tpm_limit_type",
    "temp_budget_increase",
    "temp_budget_expiry",
    "default_estimated_output_tokens",
    "default_estimated_output_tokens_per_model",
)
"""Fields that LiteLLM keeps in the key's metadata, where its scripts look for them."""

IN_EXTRA = (
    "budget_limits",
    "budget_fallbacks",
    "object_permission",
    "end_user_budget_id",
    "enable_prompt_caching",
    "throttle_on_budget_exceeded",
    "allowed_vector_store_indexes",
    "router_settings",
    "access_group_ids",
)
"""Fields that are kept and shown."""

SUCCESSOR = "successor"
"""Kept beside them: the hash of the key that one within its grace is another name of."""

EMPTY: dict[str, Any] = {
    "models": [],
    "metadata": {},
    "allowed_cache_controls": [],
    "config": {},
    "permissions": {},
    "model_max_budget": {},
    "aliases": {},
    "allowed_routes": [],
    "allowed_ips": [],
    "blocked": False,
    "auto_rotate": False,
}
"""What null means for columns that are never null."""

ROUTES_BY_TYPE = {
    "default": [],
    "llm_api": ["llm_api_routes"],
    "management": ["management_routes"],
    "read_only": ["info_routes"],
}


def given(fields: Struct) -> dict[str, Any]:
    """Return what a request names."""
    return {name: value for name, value in msgspec.structs.asdict(fields).items() if value is not UNSET}


def columns(said: dict[str, Any], metadata: Map, extra: Map) -> dict[str, Any]:
    """Lay a request's fields out over the columns; `metadata` and `extra` are those of before."""
    check_limits(said)
    _check_type(said.get("key_type"))
    _check_addresses(said.get("allowed_ips") or [])
    row = {
        column: said[name] if said[name] is not None else EMPTY.get(name)
        for name, column in COLUMNS.items()
        if name in said
    }
    promoted = {name: msgspec.to_builtins(said[name]) for name in IN_METADATA if name in said}
    kept: Map = row.get("metadata") or {} if "metadata" in row else metadata
    row["metadata"] = _without_null(kept | promoted)
    row["extra"] = _without_null(extra | {name: said[name] for name in IN_EXTRA if name in said})
    if routes := ROUTES_BY_TYPE[said.get("key_type") or "default"]:
        row["allowed_routes"] = routes
    return row


def _check_type(key_type: str | None) -> None:
    if key_type and key_type not in ROUTES_BY_TYPE:
        message = f"key_type is {key_type!r}; it must be one of {', '.join(ROUTES_BY_TYPE)}"
        raise BadRequest(message, type="bad_request_error", param="key_type")


def _check_addresses(allowed: list[str]) -> None:
    for entry in allowed:
        if not is_range(entry):
            message = f"allowed_ips has {entry!r}: write an address, or a network such as 10.0.0.0/8"
            raise BadRequest(message, type="bad_request_error", param="allowed_ips")


def _without_null(values: Map) -> Map:
    return {name: value for name, value in values.items() if value is not None}
