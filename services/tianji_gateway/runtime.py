"""What the requests of one gateway process share; built at start, passed explicitly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct, field

from tianji.domain.events import Began, SpendEvent
from tianji.limits.contract import Limiter
from tianji.tokens.count import Counter
from tianji_gateway.access_log import AccessLog
from tianji_gateway.flow.guesses import Guesses
from tianji_gateway.flow.identify import Keys
from tianji_gateway.limits.usual import UsualLengths
from tianji_gateway.routing.failures import Failures
from tianji_gateway.settings import GatewaySettings
from tianji_gateway.snapshot.holder import Holder
from tianji_gateway.snapshot.model import Snapshot
from tianji_gateway.snapshot.params import number_of
from tianji_gateway.upstream.client import Client

MEGABYTE = 1 << 20
MAX_REQUEST_SIZE_MB = 100
"""How large a body may be when neither the environment nor the config says it."""


class Ledger(Protocol):
    """Where spend events are written; `spool.Spool` in a real process."""

    def began(self, began: Began) -> None:
        """Write that a provider is about to be called. Raises Unavailable: do not call it."""

    def ended(self, event: SpendEvent) -> None:
        """Write how a request ended."""

    @property
    def backlog(self) -> int:
        """Return how many events wait to be shipped."""

    @property
    def writable(self) -> bool:
        """Say whether events can be written, as far as was seen last."""

    @property
    def refuses(self) -> bool:
        """Say whether calls are refused because events cannot be written."""


class Runtime(Struct, eq=False):
    """The only shared state."""

    settings: GatewaySettings
    process_id: str
    """Names this process in the fleet, the spool and the ledger."""
    snapshots: Holder
    keys: Keys
    guesses: Guesses
    spool: Ledger
    client: Client
    counter: Counter
    limiter: Limiter
    master_hash: str | None
    """The hash of the master key of this process's environment."""
    body_limit: int | None
    """The largest request body taken, in bytes; None leaves it to the config."""
    access: AccessLog | None
    """None where the log's level leaves access lines out."""
    reach: Callable[[], Mapping[str, bool]]
    """Says which servers are reached now."""
    in_step: Callable[[], bool]
    """Says whether the snapshot is what NATS holds now."""
    failures: Failures = field(default_factory=Failures)
    usual: UsualLengths = field(default_factory=UsualLengths)
    waiting: int = 0
    """How many calls wait for what others hold of a budget."""

    def largest_body(self, snapshot: Snapshot) -> int:
        """Return how many bytes a request's body may have."""
        if self.body_limit is not None:
            return self.body_limit
        megabytes = number_of(snapshot.settings.general.get("max_request_size_mb"))
        return int((megabytes or MAX_REQUEST_SIZE_MB) * MEGABYTE)
