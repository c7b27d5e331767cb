"""Keys as answers show them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from tianji_control.resources.keys.fields import IN_EXTRA, SUCCESSOR, KeyFields
from tianji_control.resources.keys.store import KeyRow

_NEVER = frozenset({"temp_budget_increase", "temp_budget_expiry"})
_ECHOED = tuple(name for name in KeyFields.__struct_fields__ if name not in _NEVER)


def number(amount: Decimal | None) -> float | None:
    """Return an amount of money as LiteLLM's answers have it."""
    return None if amount is None else float(amount)


def generated(key: str, row: KeyRow, said: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a key's making: the only time that the key itself is told."""
    echo = {name: said.get(name) for name in _ECHOED}
    stored = info(row, Decimal(0))
    return {
        **echo,
        **{name: value for name, value in stored.items() if name in echo and value is not None},
        "spend": float(said.get("spend") or 0),
        "key": key,
        "key_name": row.name,
        "expires": row.expires,
        "token": row.hash,
        "token_id": row.hash,
        "litellm_budget_table": None,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "updated_at": row.updated_at,
        "updated_by": row.updated_by,
    }


def info(row: KeyRow, spent: Decimal) -> dict[str, Any]:
    """Return a key as `/key/info` shows it; never its hash."""
    spend = float(row.spend_adjustment + spent)
    shown: dict[str, Any] = {
        "key_name": row.name,
        "key_alias": row.alias,
        "spend": spend,
        "total_spend": float(spent),
        "expires": row.expires,
        "models": row.models,
        "aliases": row.aliases,
        "config": row.config,
        "user_id": row.user_id,
        "team_id": row.team_id,
        "agent_id": row.agent_id,
        "project_id": row.project_id,
        "organization_id": row.organization_id,
        "org_id": row.organization_id,
        "budget_id": row.budget_id,
        "key_type": row.key_type,
        "permissions": row.permissions,
        "max_parallel_requests": row.max_parallel_requests,
        "metadata": row.metadata,
        "blocked": row.blocked,
        "tpm_limit": row.tpm_limit,
        "rpm_limit": row.rpm_limit,
        "tpd_limit": row.tpd_limit,
        "max_budget": number(row.max_budget),
        "soft_budget": number(row.soft_budget),
        "budget_duration": row.budget_duration,
        "budget_reset_at": row.budget_reset_at,
        "allowed_cache_controls": row.allowed_cache_controls,
        "allowed_routes": row.allowed_routes,
        "allowed_ips": row.allowed_ips,
        "auto_rotate": row.auto_rotate,
        "rotation_interval": row.rotation_interval,
        "key_rotation_at": row.key_rotation_at,
        "last_rotation_at": row.last_rotation_at,
        "rotation_count": row.rotation_count,
        "model_spend": {},
        "model_max_budget": row.model_max_budget,
        "soft_budget_cooldown": False,
        "litellm_budget_table": None,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "updated_at": row.updated_at,
        "updated_by": row.updated_by,
    }
    kept = {name: value for name, value in row.extra.items() if name != SUCCESSOR}
    return shown | dict.fromkeys(IN_EXTRA) | kept


def full(row: KeyRow, spent: Decimal) -> dict[str, Any]:
    """Return a key as `/key/list` and writes show it: with its hash."""
    return {"token": row.hash, **info(row, spent)}


def echoed(said: dict[str, Any]) -> dict[str, Any]:
    """Return what a request named, as its answer repeats it."""
    return {name: _plain(value) for name, value in said.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return msgspec.to_builtins(value, builtin_types=(datetime,))
