"""What the gateway says to the limits, and what it is told.

Money is in whole nano-USD (1 USD = 10^9); what a call may cost and what it did cost are rounded up.
`now` is always seconds since 1970, the same that `time.time()` gives.

A chain is made once for each holder's record and kept with it; `take` with a chain costs no trip
and no await as long as this process holds enough of every bound in it:

    reservation = limiter.take(chain, cost, tokens, now) or await limiter.ask(chain, cost, tokens, now)
    ...
    limiter.settle(reservation, real_cost, real_tokens)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct

from tianji.domain.events import Charge

Kind = Literal["budget", "rpm", "rpd", "tpm", "tpd", "itpm", "otpm", "parallel"]
"""What is counted: nano-USD; requests and tokens, of a minute or a day; tokens that go in, or come out, of a
minute; requests at the same time."""

OF_REQUESTS: frozenset[Kind] = frozenset({"rpm", "rpd"})
OF_TOKENS: frozenset[Kind] = frozenset({"tpm", "tpd"})
OF_DAYS: frozenset[Kind] = frozenset({"rpd", "tpd"})
OF_SPLIT: tuple[Kind, ...] = ("itpm", "otpm")
"""The kinds that count the parts of a `Split`, in their order."""

DAY_S = 86_400

Unit = Literal["all", "s", "m", "h", "d", "mo"]

NO_LIMIT = 2**53
"""A limit that none is; also the most that is told apart (9 million USD)."""


class WindowRule(Struct, frozen=True):
    """When a budget begins anew; made with `windows.rule`. By itself: never."""

    count: int = 1
    unit: Unit = "all"
    zone: str = "UTC"
    """The time zone whose midnights and months count (`litellm_settings.timezone`)."""
    offset_s: int = 0
    """Seconds after midnight at which days, weeks and months begin (`budget_reset_time`)."""
    anchor: float = 0.0
    """When the budget was set: lengths that fit no calendar (5 days, 7 hours) count from that day."""


class Window(Struct, frozen=True):
    """One period of a budget: a counter of its own."""

    id: str
    """`all`, `1d:20261121T000000Z`; after resets by hand `2:all`."""
    starts: float
    """0 for a budget that never begins anew."""
    ends: float = math.inf


class Share(Struct, frozen=True):
    """One part of a sliding limit that several divide among themselves."""

    name: str
    """Whose part it is: a priority, a key."""
    reserved: int = 0
    """What of the limit nobody else gets once the limit is in demand."""
    open_below: int = 0
    """While all parts together use less than this, each may use more than its own."""
    even: bool = False
    """Whether the limit is divided by all who asked within the period, instead of by `reserved`."""


class Split(NamedTuple):
    """The tokens of a call, by the way they go."""

    input: int = 0
    output: int = 0


NO_SPLIT = Split()


class Bound(Struct, frozen=True):
    """One limit on one holder.

    What is counted belongs to (`kind`, `id`, window): chains of the same holder share it.
    """

    id: str
    """The holder: `key:<hash>`, `team:<id>`, `member:<team>:<user>`, `user:<id>`, `organization:<id>`,
    `orgmember:<organization>:<user>`, `customer:<id>`, `tag:<name>`, `project:<id>`, `provider:<name>`,
    `deployment:<id>`, `key_model:<hash>:<group>`, `proxy`. Several budgets of one holder: `key:<hash>@1d`.
    Of a key it is the hash of the first value that it had."""
    kind: Kind
    limit: int = NO_LIMIT
    """The most that may be taken in a window; `NO_LIMIT` where there is only a soft one."""
    who: str = ""
    """The holder as messages and logs call it; never a secret."""
    rule: WindowRule = WindowRule()
    """When the count begins anew. Requests and tokens that never do slide over `per_s`."""
    per_s: int = 60
    """Of requests and tokens: the seconds in which `limit` may be taken; a window is not longer."""
    share: Share | None = None
    """Of requests and tokens: which part of `limit` this is."""
    generation: int = 0
    """Grows when the budget is reset by hand: a new counter."""
    soft: int = 0
    """A budget that is watched and never refuses: passing it is told once a window. 0: none."""
    born: float = 0.0
    """Nothing was charged to the holder before: its creation, or the reset by hand to 0. 0: not known."""
    changed: float = 0.0
    """When the budget, or its rule, was last set: what the holder had spent by then is in the ledger only."""


class Chain:
    """All bounds of a call, in the order in which they refuse. Immutable; make it once and keep it."""

    __slots__ = ("bounds", "kinds", "seats")

    def __init__(self, bounds: Sequence[Bound]) -> None:
        self.bounds = tuple(bounds)
        self.kinds = frozenset(bound.kind for bound in bounds)
        self.seats: Any = None
        """The limiter's own: where it found the bounds' counters."""


class Left(Struct, frozen=True):
    """How much of a bound is left, as far as this process knows: what `x-ratelimit-*` headers say."""

    limit: int
    remaining: int
    resets_at: float | None
    """When all of it is there again; None: never, or for `parallel` when a call ends."""
    spent: int = 0
    """Of a budget: what calls that have ended did cost, as far as this process knows."""


class Exhausted(Exception):
    """A bound does not have what the call needs."""

    def __init__(
        self,
        bound: Bound,
        *,
        needs: int,
        spent: int,
        held: int,
        resets_at: float | None,
        retry_after_s: float,
        contended: bool = False,
    ) -> None:
        """`spent` is settled, `held` is taken by calls that have not ended or lent to other gateways.

        `contended` says that others hold some of a budget, or wait for it: what they leave may come free.

        `retry_after_s` is when it may work again; infinite for a budget that never begins anew.
        """
        super().__init__(f"{bound.kind} of {bound.who or bound.id} is exhausted")
        self.bound = bound
        self.needs = needs
        self.spent = spent
        self.held = held
        self.resets_at = resets_at
        self.retry_after_s = retry_after_s
        self.contended = contended


class LimitsUnavailable(Exception):
    """What is left of a budget cannot be known now: Redis, or the ledger that seeds it, is away.

    Only budgets raise it; requests, tokens and parallel calls then keep to this process' share.
    """

    def __init__(self, bound: Bound, why: str) -> None:
        """`why` says what is away."""
        super().__init__(why)
        self.bound = bound


class Reservation(Protocol):
    """What was taken for one call."""

    @property
    def charges(self) -> list[Charge]:
        """The budgets, with their windows, that the call's cost is taken from. Do not change it."""


class Telling(Protocol):
    """Where a bound is counted."""

    def left(self, bound: Bound, now: float) -> Left:
        """Return what is left of the bound, as far as this process knows."""


class Limiter(Protocol):
    """This process' share of all bounds. Made with `opening.open_limiter`."""

    def start(self) -> None:
        """Begin the conversation with the others in the background; called in the running loop."""

    def take(
        self, chain: Chain, cost_nano: int, tokens: int, now: float, split: Split = NO_SPLIT
    ) -> Reservation | None:
        """Take from what this process holds, all or nothing; None: it must ask.

        `cost_nano` is the most that the call may cost; 0 passes budgets by (a model that is free).
        `tokens` is what the call is known to use, counted against `tpm` and `tpd`; `split` is the most that
        it may use, counted against `itpm` and `otpm`.
        """

    async def ask(
        self, chain: Chain, cost_nano: int, tokens: int, now: float, split: Split = NO_SPLIT
    ) -> Reservation:
        """Take, and get from the others what lacks.

        Raises Exhausted for the first bound of the chain that refuses, LimitsUnavailable.
        """

    def force(
        self, chain: Chain, cost_nano: int, tokens: int, now: float, split: Split = NO_SPLIT
    ) -> Reservation:
        """Take whatever is held: for calls that are served though a budget cannot be known."""

    def settle(self, reservation: Reservation, cost_nano: int, tokens: int, split: Split = NO_SPLIT) -> None:
        """Replace what was taken by what it was; once is enough, again does nothing.

        Also for calls that failed (0, 0). Requests stay counted; parallel slots come free.
        """

    def left(self, bound: Bound, now: float) -> Left:
        """Return what is left of a bound, without asking."""

    def seats(self, chain: Chain, now: float) -> Sequence[tuple[Bound, Telling]]:
        """Return a chain's bounds, each once, with who tells what is left of it: cheaper than `left`."""

    async def close(self, timeout_s: float = 2.0) -> None:
        """Give back what is held; the last that is called."""


SoftReached = Callable[[Bound, str, int], None]
"""Called with bound, window id and nano-USD spent, once a window over all processes."""
