"""What the paths of tags answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NotRequired, TypedDict

from tianji_control.resources.budgets.answers import BudgetShown


class TagShown(TypedDict):
    """A tag with its budget."""

    name: str
    description: str | None
    models: list[str]
    model_info: dict[str, Any]
    spend: float
    budget_id: str | None
    litellm_budget_table: BudgetShown | None
    created_at: datetime
    created_by: str | None
    updated_at: datetime


class TagListed(TypedDict):
    """A tag of the list: of those that nobody has described, only the name and the times are known."""

    name: str
    description: str | None
    models: list[str] | None
    model_info: NotRequired[dict[str, Any]]
    spend: NotRequired[float]
    budget_id: NotRequired[str | None]
    litellm_budget_table: NotRequired[BudgetShown | None]
    created_at: datetime
    created_by: NotRequired[str | None]
    updated_at: datetime


class TagSaid(TypedDict):
    """What was done, and the tag as it is now."""

    message: str
    tag: TagShown


class TagDeleted(TypedDict):
    """What was done."""

    message: str
