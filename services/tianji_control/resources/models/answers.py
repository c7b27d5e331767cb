"""What the paths of models answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

Map = dict[str, Any]


class ModelShown(TypedDict):
    """A deployment, without its credentials."""

    model_name: str
    litellm_params: Map
    model_info: Map
    blocked: bool


class ModelWritten(ModelShown):
    """A deployment as it is now; credentials are named, not told."""

    model_id: str
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    updated_by: str | None


class ModelDeleted(TypedDict):
    """What was done."""

    message: str


class ModelList(TypedDict):
    """Deployments that the caller may use."""

    data: list[ModelShown]


class ModelPages(ModelList):
    """A page of deployments."""

    total_count: int
    current_page: int
    total_pages: int
    size: int
