"""Virtual keys: what a gateway must know to let a caller in."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import Struct, field


def hash_of(key: str) -> str:
    """Return how a key is stored: SHA-256 of all of it, in hex."""
    return hashlib.sha256(key.encode()).hexdigest()


def mask_of(key: str) -> str:
    """Return how a key is shown: `sk-...` and its last four characters."""
    return f"sk-...{key[-4:]}"


class KeyRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One virtual key as the data plane sees it. Times are seconds since 1970, money US dollars."""

    hash: str
    name: str = ""
    """The masked key, for display."""
    alias: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    models: list[str] = field(default_factory=list)
    """Model groups, patterns or special names; empty means all."""
    aliases: dict[str, str] = field(default_factory=dict)
    allowed_routes: list[str] = field(default_factory=list)
    blocked: bool = False
    expires: float | None = None
    max_budget: str | None = None
    spend: str = "0"
    """The ledger's figure when this record was written; for the answer's header, not for limits."""
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    max_parallel_requests: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    permissions: dict[str, Any] = field(default_factory=dict)
