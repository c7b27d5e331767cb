"""What the paths of activity answer."""

from __future__ import annotations

from datetime import date
from typing import NotRequired, TypedDict


class Figures(TypedDict):
    """What calls cost and how many there were."""

    spend: float
    prompt_tokens: int
    completion_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    total_tokens: int
    successful_requests: int
    failed_requests: int
    api_requests: int
    total_response_time_ms: int
    timed_requests: int


class WhoseKey(TypedDict):
    """Whose key it is, as far as it is known."""

    key_alias: str | None
    team_id: str | None
    user_id: str | None
    user_email: str | None
    key_exists: bool


class KeyFigures(TypedDict):
    """A key's sums over all days."""

    api_key: str
    metrics: Figures
    metadata: WhoseKey


class KeyList(TypedDict):
    """Keys that were found."""

    api_keys: list[KeyFigures]


class KeyPart(KeyList):
    """A part of the keys, the dearest first."""

    total_api_keys: int
    offset: int
    limit: int


class ModelKeys(KeyList):
    """The keys that spend most on a model."""

    model: str
    by_model_group: bool


class UserFigures(Figures):
    """A user's sums over all days."""

    user_id: str | None
    user_email: str | None
    user_alias: str | None


class UserPart(TypedDict):
    """A part of the users, the dearest first."""

    users: list[UserFigures]
    total_users: int
    offset: int
    limit: int


class DayCount(TypedDict):
    """Calls of a day."""

    date: str
    api_requests: int
    total_tokens: int


class Series(TypedDict):
    """Calls and tokens by day."""

    daily_data: list[DayCount]
    sum_api_requests: int
    sum_total_tokens: int


class ModelSeries(Series):
    """Calls and tokens of a model by day."""

    model: str


class DayRefusals(TypedDict):
    """Calls of a day that were too many."""

    date: str
    num_rate_limit_exceptions: int


class Refusals(TypedDict):
    """Calls that were too many, by day; `api_base` where they are told by address."""

    daily_data: list[DayRefusals]
    sum_num_rate_limit_exceptions: int
    api_base: NotRequired[str]


class KindCount(TypedDict):
    """Calls of a kind, of those that a cache answered."""

    call_type: str
    api_requests: int
    cache_hits: int
    failed_requests: int
    cached_completion_tokens: int
    generated_completion_tokens: int


class KindTotals(TypedDict):
    """Calls of all kinds."""

    api_requests: int
    cache_hits: int
    failed_requests: int
    cached_completion_tokens: int
    cache_hit_ratio: float


class Choices(TypedDict):
    """What can be chosen."""

    key_aliases: list[str]
    models: list[str]


class KindFailure(TypedDict):
    """Calls of a kind that failed in one way."""

    call_type: str
    error_code: str
    error_class: str
    count: int


class CacheHits(TypedDict):
    """Calls by kind, and how they failed."""

    groups: list[KindCount]
    totals: KindTotals
    filter_options: Choices
    error_breakdown: list[KindFailure]


class Outcome(TypedDict):
    """Calls, good and bad."""

    successful_requests: int
    failed_requests: int


class DayOutcome(Outcome):
    """Calls of a day."""

    date: date


class RouteOutcome(Outcome):
    """Calls of a kind."""

    category: str
    route: str


class StatusCount(TypedDict):
    """Calls that failed with a status."""

    status_code: int
    failed_requests: int


class _Totals(TypedDict):
    total_successful_requests: int
    total_failed_requests: int
    by_status_code: list[StatusCount]


class GatewayActivity(_Totals):
    """What the gateways answered."""

    by_date: list[DayOutcome]
    by_route: list[RouteOutcome]


class DayErrors(DayOutcome):
    """Failures of a day."""

    client_errors: int
    server_errors: int
    by_status_code: list[StatusCount]


class Failing(TypedDict):
    """Whose calls fail, and how most of them do."""

    id: str
    label: str | None
    api_requests: int
    failed_requests: int
    top_status_code: int | None
    top_status_code_requests: int


class GatewayErrors(_Totals):
    """How calls failed, and whose they were."""

    by_date: list[DayErrors]
    by_key: list[Failing]
    by_team: list[Failing]
    by_user: list[Failing]
    by_model: list[Failing]
