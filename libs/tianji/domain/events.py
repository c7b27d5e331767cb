"""What a gateway reports of each request: the only input of the ledger, roll-ups and callbacks."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from tianji.wire.neutral import Usage

Status = Literal["success", "failure", "interrupted"]


class Charge(Struct, frozen=True, array_like=True):
    """What a call is counted against: a budget's counter, in the window that the call began in."""

    bound: str
    """The budget, such as `team:42`."""
    window: str
    """The window's id; a new window is a new counter."""


class Refused(Struct, frozen=True, array_like=True):
    """A budget that did not have what a call needed."""

    bound: str
    window: str
    limit_nano: int
    spent_nano: int
    """What was spent of it by calls that had ended, in 10^-9 US dollars."""


class Began(Struct, frozen=True, omit_defaults=True, kw_only=True, tag="began"):
    """Written before the provider is called; enough to bill a call whose end was never written."""

    version: int = 1
    id: str
    """A UUIDv7: its time decides the ledger's partition."""
    gateway_id: str = ""
    started_at: float
    route: str = ""
    model: str = ""
    model_group: str = ""
    deployment_id: str = ""
    provider: str = ""
    upstream_model: str = ""
    api_base: str = ""
    key_hash: str = ""
    key_alias: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    agent_id: str | None = None
    end_user: str | None = None
    tags: list[str] = field(default_factory=list)
    reserved_usd: str = "0"
    charges: list[Charge] = field(default_factory=list)
    carried: bool = False
    """Written anew by the same process, when the file with the first writing went; it counts no call."""


class Bodies(Struct, frozen=True, omit_defaults=True):
    """What was asked and answered, where the settings have it kept: each as it went over the wire, or cut."""

    asked: str = ""
    """The messages, as JSON."""
    answered: str = ""
    """The answer's body, or its stream of events."""
    cut: bool = False
    """Whether either is only the beginning."""


class SpendEvent(Struct, frozen=True, omit_defaults=True, kw_only=True, tag="ended"):
    """One request, however it ended; exactly one per request that got past the key check.

    `version` grows with incompatible changes; readers accept all versions up to their own.
    Times are seconds since 1970. Money is US dollars as decimal text.
    """

    version: int = 1
    id: str
    """The call id (`x-litellm-call-id`), a UUIDv7: its time decides the ledger's partition."""
    gateway_id: str = ""
    snapshot: int = 0
    """The config revision that served it."""
    status: Status = "success"
    http_status: int = 200
    error_type: str | None = None
    error_message: str | None = None
    started_at: float
    first_token_at: float | None = None
    ended_at: float
    route: str = ""
    """The path that was called, such as `/v1/chat/completions`."""
    call_type: str = ""
    """LiteLLM's word for the kind of call, such as `acompletion`."""
    stream: bool = False
    client_gone: bool = False
    attempts: int = 1
    response_id: str = ""
    """The id that the client saw in the answer."""
    model: str = ""
    """The model that the client asked for."""
    model_group: str = ""
    deployment_id: str = ""
    provider: str = ""
    upstream_model: str = ""
    api_base: str = ""
    key_hash: str = ""
    key_alias: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    team_alias: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    agent_id: str | None = None
    """The agent that it counts for: the key's, else the one that the request names."""
    end_user: str | None = None
    client_ip: str | None = None
    user_agent: str | None = None
    session_id: str | None = None
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    """Client's metadata plus ours; never a secret."""
    usage: Usage = field(default_factory=Usage)
    cost_usd: str = "0"
    charges: list[Charge] = field(default_factory=list)
    """The budgets that `cost_usd` is taken from."""
    refused: Refused | None = None
    """The budget that refused the call, or one of the deployments that it might have gone to."""
    cost_parts: dict[str, str] = field(default_factory=dict)
    price_version: str = ""
    priced: bool = False
    """Whether a price was known; a cost of 0 with `priced` false is not a free call."""
    finish: str | None = None
    bodies: Bodies | None = None


class HourCount(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How many calls a file tells of, by the hour of their ids."""

    hour: int
    """Hours since 1970."""
    began: int = 0
    ended: int = 0
    """Calls that began and came to their end, good or bad."""
    interrupted: int = 0
    """Calls that began in a process that died; another one wrote their end."""
    uncalled: int = 0
    """Requests that ended before any provider was called: no `began` was written for them."""


class ProcessClosed(Struct, frozen=True, kw_only=True, tag="closed"):
    """A gateway process has ended, and the stream has all that it wrote: nothing of it follows."""

    version: int = 1
    gateway_id: str


class SpendCounts(Struct, frozen=True, kw_only=True, tag="counts"):
    """What one spool file of a gateway process holds: the ledger is compared with it.

    It is worked out from the file's bytes alone. So whoever counts a file, and however often, comes
    to the same; of two counts of a file the one that covers more of it replaces the other.
    """

    version: int = 1
    gateway_id: str
    segment: int
    """The file's number; 0 stands for what no file could take."""
    first_id: str
    """The file's first call: it tells files of the same number apart when a process id is used again."""
    covered: int
    hours: list[HourCount]
