"""What a request may say about an organization, and where each field is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct

from tianji_control.limits import check_limits
from tianji_control.resources.laid import laid

Map = dict[str, Any]


class OrganizationFields(Struct, kw_only=True):
    """What `/organization/new` and `/organization/update` may say; other gateways' names are taken, too."""

    organization_id: str | None = None
    organization_alias: str | None = None
    name: str | None = None
    slug: str | None = None
    models: list[str] = []
    blocked: bool = False
    metadata: Map | None = None
    budget_id: str | None = None
    max_budget: Decimal | None = None
    soft_budget: Decimal | None = None
    budget_duration: str | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    tpd_limit: int | None = None
    max_parallel_requests: int | None = None
    model_max_budget: Map | None = None
    model_rpm_limit: dict[str, int] | None = None
    model_tpm_limit: dict[str, int] | None = None
    allowed_models: list[str] | None = None
    temp_budget_increase: Decimal | None = None
    temp_budget_expiry: str | None = None
    object_permission: Map | None = None


COLUMNS = (
    *("models", "blocked", "budget_id", "max_budget", "soft_budget", "budget_duration", "tpm_limit"),
    *("rpm_limit", "tpd_limit", "max_parallel_requests", "model_max_budget"),
)
"""Fields with a column of the same name."""

IN_METADATA = ("model_rpm_limit", "model_tpm_limit", "temp_budget_increase", "temp_budget_expiry")
"""Fields that LiteLLM keeps in the metadata, where its scripts look for them."""

IN_EXTRA = ("allowed_models", "object_permission")
"""Fields that are kept and shown."""

LIMITS = (*COLUMNS, *IN_METADATA, "allowed_models")
"""What an update may name only with the permission to limit the organization."""

_EMPTY: Map = {"models": [], "blocked": False, "model_max_budget": {}}
"""What null means for columns that are never null."""


def columns(said: Map, metadata: Map, extra: Map) -> Map:
    """Lay a request's fields out over the columns; `metadata` and `extra` are those of before."""
    check_limits(said)
    row = {
        name: said[name] if said[name] is not None else _EMPTY.get(name) for name in COLUMNS if name in said
    }
    alias = said.get("organization_alias") or said.get("name")
    if alias is not None:
        row["alias"] = alias
    kept = (said["metadata"] or {}) if "metadata" in said else metadata
    row["metadata"] = laid(kept, said, IN_METADATA)
    row["extra"] = laid(extra, said, IN_EXTRA)
    return row
