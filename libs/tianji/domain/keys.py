"""Virtual keys: what a gateway must know to let a caller in."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import Struct, field

from tianji.domain.limits import Limits


def hash_of(key: str) -> str:
    """Return how a key is stored: SHA-256 of all of it, in hex."""
    return hashlib.sha256(key.encode()).hexdigest()


def mask_of(key: str) -> str:
    """Return how a key is shown: `sk-...` and its last four characters."""
    return f"sk-...{key[-4:]}"


class KeyRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One virtual key as the data plane sees it. Times are seconds since 1970, money US dollars."""

    hash: str
    origin: str | None = None
    """The hash of the value that it had first, where it has had others."""
    successor: str | None = None
    """The hash of the key that this one, within its grace, is another name of."""
    name: str = ""
    """The masked key, for display."""
    alias: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    agent_id: str | None = None
    """The agent that its calls count for."""
    models: list[str] = field(default_factory=list)
    """Model groups, patterns or special names; empty means all."""
    aliases: dict[str, str] = field(default_factory=dict)
    allowed_routes: list[str] = field(default_factory=list)
    allowed_ips: list[str] = field(default_factory=list)
    """Addresses and networks that it may be used from; empty means all."""
    blocked: bool = False
    expires: float | None = None
    spend: str = "0"
    """The ledger's figure when this record was written; for the answer's header, not for limits."""
    limits: Limits | None = None
    member: Limits | None = None
    """What its user may use of its team; what is not set here is as the team says of its members."""
    customer_limits: Limits | None = None
    """Of customers that have no limits of their own, where the key says it."""
    budget_fallbacks: dict[str, list[str]] = field(default_factory=dict)
    """Which models are used instead of one whose budget, the key's for it, cannot pay for a call."""
    metadata: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    permissions: dict[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What its limits and budgets count by: the same whatever value it has."""
        return self.origin or self.hash
