"""What a gateway process and the shared store say to each other: one message, many counters.

A process tells absolute amounts, not differences: to repeat a message changes nothing.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

GRANTED, REFUSED, UNKNOWN, WAITING = 0, 1, 2, 3
"""Verdicts of budgets; other bounds are granted or refused. UNKNOWN: the ledger must seed the counter.
WAITING: the store is new, not all have told it yet what they hold."""


class BudgetOp(Struct, frozen=True, array_like=True, tag="b"):
    """Tells what this process has taken of a budget; asks for more when `want` is above 0."""

    taken: int
    settled: int
    want: int
    """The most that is asked for, 0: nothing."""
    need: int
    """What is needed now by all that wait."""
    least: int
    """What the first of them needs: with less it is refused."""
    limit: int
    starts: float
    """Nothing was charged before this time; -1: not known."""
    first: bool
    """Whether `taken` and `settled` come on top of what the store has of this process."""
    expires_at: int
    """When the counter is of no more use, 0: 35 days from now."""
    soft: int


class BudgetReply(Struct, frozen=True, array_like=True):
    verdict: int
    granted: int
    sum: int
    """Taken by all processes, with what was granted."""
    settled: int
    base: int
    """What the store had of this process, when `first`; -1: not known yet, it is to be asked again."""
    base_settled: int
    told: int
    """1: the soft limit is passed, and this process is the one to tell."""
    wanted: int = 0
    """1: another process waits for what comes free."""


class RatePart(Struct, frozen=True, array_like=True):
    """Which part of a limit is asked for; `contract.Share` says what its fields mean."""

    name: str
    reserved: int
    open_below: int
    even: bool


class RateOp(Struct, frozen=True, array_like=True, tag="r"):
    """Asks for requests or tokens; all times in ms. Amounts go by slot, as (slot, amount)."""

    want: int
    need: int
    least: int
    limit: int
    per: int
    slot: int
    lease: int
    """How long a grant may be used."""
    long_lease: int
    """The same while at most half of the limit is used."""
    add: int
    """Used beyond what was granted; counted from now on."""
    returns: list[tuple[int, int]]
    history: list[tuple[int, int]] | None
    """After a loss: all that this process counts."""
    part: RatePart | None
    most: int
    """No more is granted: `ParallelOp.most`."""


class RateReply(Struct, frozen=True, array_like=True):
    verdict: int
    granted: int
    slot: int
    """The slot of now."""
    counted: int
    """The slot that the grant is counted in; later than `slot` for one with a long lease."""
    used: int
    wait_ms: int
    """When refused: when what is needed comes free; when only by `most`, a lease's time."""
    mine: int = 0
    """Of a divided limit: what its part uses of `used`."""
    parts: int = 1
    """How many have asked for parts within the period."""


class ParallelOp(Struct, frozen=True, array_like=True, tag="p"):
    """Tells how many slots this process holds; asks for more when `want` is above 0."""

    taken: int
    want: int
    need: int
    least: int
    limit: int
    expire: int
    """For how many ms they are held without a further word."""
    most: int
    """No more is granted: this process' share of what was left, while others may use theirs untold."""


class ParallelReply(Struct, frozen=True, array_like=True):
    verdict: int
    granted: int
    sum: int


Op = BudgetOp | RateOp | ParallelOp
Reply = BudgetReply | RateReply | ParallelReply


class Answer(Struct, frozen=True):
    """The store's answer to one message."""

    replies: list[Reply]
    live: int
    """How many gateway processes there are."""
    time_ms: int
    """The store's clock."""
    epoch: str
    """The data set that it was said by; another one than before has lost what was told."""


class Moment(Struct, frozen=True):
    """When a message was sent and answered; times by this process' own clock, which never jumps."""

    sent_at: float
    clock: float
    live: int
    time_ms: int
    """The store's clock."""
    steady: bool = True
    """False while others may not have told yet what they hold: the store is new, or was away."""


class StoreAway(Exception):
    """The store does not answer; whether it has heard is not known."""


class EpochChanged(Exception):
    """The store is another data set than before: nothing was done."""

    def __init__(self, epoch: str) -> None:
        super().__init__("the store is a new data set")
        self.epoch = epoch


class Store(Protocol):
    """Where processes meet: Redis, or this process' own memory."""

    epoch: str
    """The data set that messages are meant for; empty before the first."""

    async def trade(self, ops: list[tuple[str, Op]]) -> Answer:
        """Do all of `ops`, each with its key, at once. Never called twice at the same time.

        Raises StoreAway after a bounded wait, EpochChanged when all must be told anew.
        """

    async def close(self) -> None:
        """Close the connection."""
