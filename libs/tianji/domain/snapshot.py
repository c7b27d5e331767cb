"""The records that make up a configuration, and the head that publishes them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from msgspec import Struct, field

from tianji.domain.limits import Limits

DEPLOYMENT = "deployment"
SETTINGS = "settings"
TAG = "tag"
PRICES = "prices"
CONFIG_KINDS = (DEPLOYMENT, SETTINGS, TAG, PRICES)
"""Kinds of record in the CONFIG bucket; each record's name there is `<kind>.<id>`."""

KEY = "key"
TEAM = "team"
USER = "user"
ORGANIZATION = "organization"
CUSTOMER = "customer"
PROJECT = "project"
LOOKUP_KINDS = (KEY, TEAM, USER, ORGANIZATION, CUSTOMER, PROJECT)
"""Kinds of record in the KEYS bucket, looked up on first use: what grows with the people."""


def record_name(kind: str, id: str) -> str:
    """Name a record in its bucket; ids may hold any character, so they go as base64url."""
    return f"{kind}.{base64.urlsafe_b64encode(id.encode()).decode().rstrip('=')}"


def record_id(name: str) -> tuple[str, str]:
    """Take a record's name apart into kind and id."""
    kind, _, coded = name.partition(".")
    return kind, base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()


class Settings(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Fleet-wide settings: one record, id `global`."""

    router: dict[str, Any] = field(default_factory=dict)
    """`router_settings`, canonical spelling."""
    calls: dict[str, Any] = field(default_factory=dict)
    """`litellm_settings` that the data plane acts on: drop_params, modify_params, …"""
    general: dict[str, Any] = field(default_factory=dict)
    """`general_settings` that the data plane acts on; never a secret."""
    master_key_hash: str | None = None
    customer_limits: Limits | None = None
    """The budget that `max_end_user_budget_id` names: of customers that have no limits of their own."""
    budgets_set: dict[str, float] = field(default_factory=dict)
    """When the budgets that the configuration sets were last set, by bound: `proxy`, `provider:openai`."""
    environment: dict[str, str] = field(default_factory=dict)
    """`environment_variables`, each value sealed: to a provider they go before the process's own."""


class Prices(Struct, frozen=True, kw_only=True):
    """The price table that takes the place of the shipped one: one record, id `global`."""

    version: str
    packed: bytes
    """See `pricing.packed`."""


class Head(Struct, frozen=True):
    """Publishes a complete revision: written after all its records.

    `digest` is the sum modulo 2**256 of SHA-256(name NUL value) over all records of the
    CONFIG bucket but the head, in hex: it does not depend on order and follows single changes.
    """

    revision: int
    digest: str
    records: int


HEAD = "head"
_MODULUS = 1 << 256


def record_digest(name: str, value: bytes) -> int:
    """Return one record's share of a digest."""
    return int.from_bytes(hashlib.sha256(name.encode() + b"\0" + value).digest(), "big")


def digest_of(records: dict[str, bytes]) -> str:
    """Return the digest of a complete set of records."""
    return f"{sum(record_digest(n, v) for n, v in records.items()) % _MODULUS:064x}"
