"""What the paths of spend answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NotRequired, TypedDict


class SpendLog(TypedDict):
    """A call under LiteLLM's names, then ours; or, of `/spend/logs` with both dates, a day's sums."""

    spend: float
    startTime: str
    endTime: NotRequired[str]
    request_id: NotRequired[str]
    call_type: NotRequired[str]
    api_key: NotRequired[str]
    total_tokens: NotRequired[int]
    prompt_tokens: NotRequired[int]
    completion_tokens: NotRequired[int]
    request_duration_ms: NotRequired[int]
    model: NotRequired[str]
    model_id: NotRequired[str]
    model_group: NotRequired[str]
    custom_llm_provider: NotRequired[str]
    user: NotRequired[str]
    metadata: NotRequired[dict[str, Any]]
    request_tags: NotRequired[list[str]]
    team_id: NotRequired[str | None]
    organization_id: NotRequired[str | None]
    end_user: NotRequired[str | None]
    session_id: NotRequired[str | None]
    status: NotRequired[str]
    litellm_call_id: NotRequired[str]
    spend_usd: NotRequired[str]
    users: NotRequired[dict[str, float]]
    models: NotRequired[dict[str, float]]


class SpendPage(TypedDict):
    """A page of calls."""

    data: list[SpendLog]
    total: int
    page: int
    page_size: int
    total_pages: int
    total_is_capped: NotRequired[bool]
    next_cursor: NotRequired[str | None]


class ReconcileLine(TypedDict):
    """One gateway process and hour: calls as counted, rows, and what does not fit."""

    hour: datetime
    gateway_id: str
    lives: bool
    began: int
    ended: int
    interrupted: int
    uncalled: int
    under_way: int
    rows: int
    differences: dict[str, int]


class WrongSum(TypedDict):
    """A sum that is not that of its rows; a window of a budget has no day."""

    day: date | None
    scope: str
    id: str
    rows: int
    rows_usd: str
    summed: int
    summed_usd: str


class Reconciled(TypedDict):
    """Whether the books are right."""

    since: datetime
    differs: bool
    lines: list[ReconcileLine]
    sums: list[WrongSum]
    dead_letters: int | None
    unwritten: int | None


class LetterShown(TypedDict):
    """An event that was set aside, and why."""

    id: int
    time: datetime | None
    reason: str
    subject: str
    sequence: str
    bytes: int


class LetterList(TypedDict):
    """The next ones, oldest first."""

    total: int
    dead_letters: list[LetterShown]


class LetterWhole(LetterShown):
    """An event with all that it says."""

    event: Any


class Replayed(TypedDict):
    """Which events were given to the worker again, and which are not there."""

    replayed: list[int]
    missing: list[int]
