"""What the paths of keys answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NotRequired, TypedDict

Map = dict[str, Any]


class KeyFacts(TypedDict):
    """What all answers about a key say of it."""

    key_name: str
    key_alias: str | None
    spend: float
    expires: datetime | None
    models: list[str] | None
    aliases: dict[str, str] | None
    config: Map | None
    user_id: str | None
    team_id: str | None
    agent_id: str | None
    project_id: str | None
    organization_id: str | None
    budget_id: str | None
    key_type: str | None
    permissions: Map | None
    max_parallel_requests: int | None
    metadata: Map | None
    blocked: bool | None
    tpm_limit: int | None
    rpm_limit: int | None
    tpd_limit: int | None
    max_budget: float | None
    soft_budget: float | None
    budget_duration: str | None
    allowed_cache_controls: list[str] | None
    allowed_routes: list[str] | None
    model_max_budget: Map | None
    litellm_budget_table: Map | None
    budget_limits: list[Map] | None
    budget_fallbacks: dict[str, list[str]] | None
    object_permission: Map | None
    end_user_budget_id: str | None
    enable_prompt_caching: bool | None
    throttle_on_budget_exceeded: bool | None
    allowed_vector_store_indexes: list[Map] | None
    router_settings: Map | None
    access_group_ids: list[str] | None
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    updated_by: str | None


class KeyShown(KeyFacts):
    """A key as `/key/info` shows it: never the key itself."""

    total_spend: float
    org_id: str | None
    budget_reset_at: datetime | None
    model_spend: Map
    soft_budget_cooldown: bool


class KeyWithHash(KeyShown):
    """A key as lists show it."""

    token: str


class KeyMade(KeyFacts):
    """A new key: `key` is told this once."""

    key: str
    token: str
    token_id: str


class KeyInfo(TypedDict):
    """The key that was asked for, as the request names it."""

    key: str
    info: KeyShown


class KeyInfos(TypedDict):
    """The keys that were asked for, in the same order."""

    key: list[str]
    info: list[KeyShown]


class KeyChanged(TypedDict):
    """What the request named, as it is now."""

    key: str
    expires: datetime | None
    budget_reset_at: datetime | None
    updated_at: datetime


class KeysDeleted(TypedDict):
    """The keys, or the aliases, that the request named."""

    deleted_keys: list[str]


class SpendNow(TypedDict):
    """What a key counts as having spent."""

    key_hash: str
    spend: float
    previous_spend: float
    max_budget: float | None
    budget_reset_at: datetime | None


class KeyHealth(TypedDict):
    """That the caller's key works."""

    key: str
    logging_callbacks: None


class KeyPage(TypedDict):
    """A page of keys: whole ones with `return_full_object`, else their hashes; deleted ones as they were."""

    keys: list[str | Map]
    total_count: int
    current_page: int
    total_pages: int


class AliasPage(TypedDict):
    """A page of names."""

    aliases: list[str]
    total_count: int
    current_page: int
    total_pages: int
    size: int


class OneKeyChanged(TypedDict):
    """A key of many, changed or not."""

    key: str
    key_info: KeyWithHash | None
    failed_reason: NotRequired[str]


class KeysChanged(TypedDict):
    """Which of many keys were changed."""

    total_requested: int
    successful_updates: list[OneKeyChanged]
    failed_updates: list[OneKeyChanged]
