"""What the paths of access groups answer."""

from __future__ import annotations

from typing import TypedDict


class GroupWritten(TypedDict):
    """What a group grants now, as the request named it."""

    access_group: str
    model_names: list[str] | None
    model_ids: list[str] | None
    models_updated: int


class GroupDeleted(TypedDict):
    """From how many models a name was taken back."""

    access_group: str
    models_updated: int
    message: str


class GroupShown(TypedDict):
    """A group and the models that it grants."""

    access_group: str
    model_names: list[str]
    deployment_count: int
    spend: float | None
    budget: float | None


class GroupList(TypedDict):
    """All groups."""

    access_groups: list[GroupShown]
