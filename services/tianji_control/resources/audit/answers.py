"""What the paths of the audit log answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

Map = dict[str, Any]


class LiteLLMLog(TypedDict):
    """A change under LiteLLM's names."""

    id: str
    updated_at: datetime
    changed_by: str
    changed_by_api_key: str
    action: str
    table_name: str
    object_id: str
    before_value: Map | None
    updated_values: Map | None


class Log(TypedDict):
    """A change under our names."""

    id: str
    at: datetime
    actor: str
    actor_role: str
    actor_key_hash: str | None
    acted_for: str | None
    action: str
    resource: str
    resource_id: str
    org_id: str | None
    organizations: list[str]
    team_id: str | None
    ip: str | None
    route: str | None
    before: Map | None
    after: Map | None


class BothLogs(LiteLLMLog):
    """A change under LiteLLM's names, then ours; `action` is ours."""

    at: datetime
    actor: str
    actor_role: str
    actor_key_hash: str | None
    acted_for: str | None
    resource: str
    resource_id: str
    org_id: str | None
    organizations: list[str]
    team_id: str | None
    ip: str | None
    route: str | None
    before: Map | None
    after: Map | None


class _Pages(TypedDict):
    total: int
    page: int
    page_size: int
    total_pages: int


class AuditPage(_Pages):
    """A page of changes."""

    audit_logs: list[LiteLLMLog]


class LogPage(_Pages):
    """A page of changes under our names."""

    logs: list[Log]
