"""Where the bounds of a chain are counted: found once, kept with the chain until a window ends."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakValueDictionary

from tianji.domain.events import Charge
from tianji.limits.budgets import BudgetSeat
from tianji.limits.contract import NO_LIMIT, OF_REQUESTS, OF_SPLIT, OF_TOKENS, Bound, Chain, Window
from tianji.limits.parallel import ParallelSeat
from tianji.limits.rates import RateSeat
from tianji.limits.windows import window

Seat = BudgetSeat | RateSeat | ParallelSeat

MOST_PAST = 20_000
"""Of so many budgets that are gone a process remembers what it was charged, some 5 MB."""


class Seats:
    """The counters of a chain, by kind."""

    __slots__ = (
        "budgets", "charges", "found_by", "in_order", "parallels", "requests", "since", "split", "tokens",
        "until", "watched",
    )  # fmt: skip

    def __init__(self, found_by: SeatBook, in_order: Iterable[tuple[Bound, Seat]]) -> None:
        self.found_by = found_by
        self.in_order = list(in_order)
        hard = [(bound, seat) for bound, seat in self.in_order if isinstance(seat, BudgetSeat)]
        self.budgets = tuple(seat for bound, seat in hard if bound.limit < NO_LIMIT)
        self.watched = tuple(seat for bound, seat in hard if bound.limit >= NO_LIMIT)
        rates = [seat for _, seat in self.in_order if isinstance(seat, RateSeat)]
        self.requests = tuple(seat for seat in rates if seat.bound.kind in OF_REQUESTS)
        self.tokens = tuple(seat for seat in rates if seat.bound.kind in OF_TOKENS)
        self.split = tuple(
            (seat, OF_SPLIT.index(seat.bound.kind)) for seat in rates if seat.bound.kind in OF_SPLIT
        )
        """Each with its place in a `Split`."""
        self.parallels = tuple(seat for _, seat in self.in_order if isinstance(seat, ParallelSeat))
        self.charges: list[Charge] = [seat.charge for _, seat in hard]
        windows = [seat.window for _, seat in hard]
        windows += [seat.window for seat in rates if seat.window is not None]
        self.since = max((window.starts for window in windows), default=0.0)
        """The seats are right from this time until `until`."""
        self.until = min((window.ends for window in windows), default=float("inf"))


class SeatBook:
    """All counters of this process; those that nobody uses go, but what was charged to them is remembered."""

    def __init__(self, most_past: int = MOST_PAST) -> None:
        self._seats: WeakValueDictionary[tuple[str, ...], Seat] = WeakValueDictionary()
        self.active: set[Seat] = set()
        """Those that the store must hear of; they stay until it has."""
        self._past: dict[Charge, tuple[float, int]] = {}
        """When windows end, and what this process was charged in them, of budgets that may be gone."""
        self._most_past = most_past
        self._all_past = True
        """Whether nothing of that was left out; else the store must tell."""
        self._now = 0.0

    def find(self, chain: Chain, now: float) -> Seats:
        """Return a chain's counters as of now."""
        found: dict[int, tuple[Bound, Seat]] = {}
        for bound in chain.bounds:
            seat = self.seat(bound, now)
            found.setdefault(id(seat), (bound, seat))
        seats = Seats(self, found.values())
        chain.seats = seats
        return seats

    def seat(self, bound: Bound, now: float) -> Seat:
        """Return a bound's counter; the newest bound's limit is the one that its idle parts go by."""
        seat: Seat | None
        if bound.kind == "budget":
            span = window(bound.rule, now, bound.generation)
            place: tuple[str, ...] = ("budget", bound.id, span.id)
            seat = self._seats.get(place) or self._budget(bound, span, now)
        elif bound.kind == "parallel":
            place = ("parallel", bound.id)
            seat = self._seats.get(place) or ParallelSeat(bound)
        else:
            days: Window | None = window(bound.rule, now) if bound.rule.unit != "all" else None
            period = str(bound.per_s) if days is None else days.id
            place = (bound.kind, bound.id, period, *([bound.share.name] if bound.share else []))
            seat = self._seats.get(place) or RateSeat(bound, days)
        if bound.limit < seat.bound.limit:
            seat.narrow()
            self.active.add(seat)
        seat.bound = bound
        self._seats[place] = seat
        return seat

    def retire(self, seat: Seat) -> None:
        """Let go of a counter that was not used for long and of which the store has heard all."""
        self.active.discard(seat)
        if not isinstance(seat, BudgetSeat) or not seat.charged:
            return
        self._past[seat.charge] = (seat.window.ends, seat.charged)
        if len(self._past) > self._most_past:
            self._past = {charge: past for charge, past in self._past.items() if past[0] > self._now}
        while len(self._past) > self._most_past:
            del self._past[next(iter(self._past))]
            self._all_past = False

    def _budget(self, bound: Bound, span: Window, now: float) -> BudgetSeat:
        seat = BudgetSeat(bound, span)
        self._now = now
        past = self._past.pop(seat.charge, None)
        if past is not None:
            seat.base = seat.base_settled = past[1]
        seat.met = past is not None or self._all_past
        return seat
