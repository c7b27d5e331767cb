"""What the paths of reports answer."""

from __future__ import annotations

from datetime import date
from typing import Any, NotRequired, TypedDict


class Total(TypedDict):
    """All that was spent."""

    spend: float
    max_budget: float


class DaySpend(TypedDict):
    """What was spent on a day: by all, or by one key and its user."""

    date: date
    spend: float
    api_key: NotRequired[str]
    user: NotRequired[str | None]


class KeySpend(TypedDict):
    """What a key spent."""

    api_key: str
    key_alias: str | None
    key_name: str | None
    total_spend: float


class ModelSpend(TypedDict):
    """What was spent on a model."""

    model: str
    total_spend: float
    total_tokens: int


class ProviderSpend(TypedDict):
    """What was spent at a provider."""

    provider: str
    spend: float


class TeamSpend(TypedDict):
    """What a team spent."""

    team_id: str
    total_spend: float


class TeamsSpend(TypedDict):
    """What teams spent: days with a field for each team, then in all."""

    daily_spend: list[dict[str, Any]]
    teams: list[str]
    total_spend_per_team: list[TeamSpend]


class CustomerSpend(TypedDict):
    """What a customer spent."""

    end_user: str
    total_count: int
    total_spend: float


class CustomerNames(TypedDict):
    """Customers that the ledger names."""

    end_users: list[str]


class Refreshed(TypedDict):
    """That there is nothing to do."""

    message: str
    status: str


class TagCount(TypedDict):
    """What was spent under a tag."""

    individual_request_tag: str
    log_count: int
    total_spend: float


class TagSpend(TypedDict):
    """What was spent under a tag in a span."""

    name: str
    spend: float
    log_count: int


class TagsSpend(TypedDict):
    """What was spent under tags."""

    spend_per_tag: list[TagSpend]


class TagNames(TypedDict):
    """Tags that the ledger names."""

    tag_names: list[str]


class TagSummary(TypedDict):
    """What was done under a tag in a span."""

    tag: str
    unique_users: int
    total_requests: int
    successful_requests: int
    failed_requests: int
    total_tokens: int
    total_spend: float


class TagSummaries(TypedDict):
    """What was done under tags in a span."""

    results: list[TagSummary]


class ReportRow(TypedDict):
    """A row of a report: what it is a sum of depends on how it is grouped."""

    group_by_day: NotRequired[date]
    teams: NotRequired[list[dict[str, Any]]]
    customers: NotRequired[list[dict[str, Any]]]
    teams_customers: NotRequired[list[dict[str, Any]]]
    api_key: NotRequired[str]
    model: NotRequired[str]
    provider: NotRequired[str]
    total_cost: NotRequired[float]
    total_requests: NotRequired[int]
    total_tokens: NotRequired[int]
    total_input_tokens: NotRequired[int]
    total_output_tokens: NotRequired[int]
    model_details: NotRequired[list[dict[str, Any]]]


class ModelCost(TypedDict):
    """What was spent on a model, in an organization by team."""

    model: str
    team_id: NotRequired[str | None]
    total_cost: float
    total_input_tokens: int
    total_output_tokens: int


class KeyCost(TypedDict):
    """What a key spent, and on which models."""

    api_key: str
    total_cost: float
    total_input_tokens: int
    total_output_tokens: int
    model_details: list[ModelCost]


class UserOfTeam(TypedDict):
    """What a user of a team spent."""

    team_id: str
    team_alias: str | None
    user_id: str | None
    user_email: str | None
    user_alias: str | None
    spend: float
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    api_requests: int
    successful_requests: int
    failed_requests: int


class UsersOfTeams(TypedDict):
    """What the users of teams spent."""

    start_date: str
    end_date: str
    results: list[UserOfTeam]


class PageFacts(TypedDict):
    """Which page this is."""

    page: int
    page_size: int
    has_more: bool


class PageLinks(TypedDict):
    """Where this page and its neighbours are."""

    self: str
    prev: str | None
    next: str | None


class NamePage(TypedDict):
    """A page of names."""

    data: list[str]
    meta: PageFacts
    links: PageLinks
