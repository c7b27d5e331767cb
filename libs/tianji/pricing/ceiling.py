"""The most that a call may cost, before it is made."""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal

from msgspec import Struct

from tianji.pricing.price import Price, Rates, rate_of

NANO = 1_000_000_000
UNBOUNDED = 2**53
"""So many tokens stand for any number of them."""

_INPUT = ("input",)
_WRITTEN = ("cache_write", "cache_write_1h")
_OUTPUT = ("output", "reasoning")
_SEARCHES = ("search_low", "search_medium", "search_high")
_ATTO = 10**18
_ATTO_IN_NANO = _ATTO // NANO
_EXACT = Context(prec=60)
_KEPT = 64
"""Clients choose the words for a tier, so it must be bounded."""


class Manner(Struct, frozen=True):
    """What of a call, beside its length, decides its rates."""

    searches: int = 0
    """How often it may search the web."""
    cached: bool = False
    """Whether it may write to the provider's cache, which costs more than plain input."""
    sound: bool = False
    tier: str | None = None


PLAIN = Manner()
"""Of most calls."""


class Ceiling(Struct, frozen=True):
    """What calls of one manner cost at most, in whole 10^-18 USD: sums of them need no rounding."""

    input: int = 0
    """For each token."""
    output: int = 0
    """For each token."""
    call: int = 0

    def nano(self, input: int, output: int) -> int:
        """Return the most that so many tokens cost in nano-USD, rounded up; 0 for a free model."""
        return -((input * self.input + output * self.output + self.call) // -_ATTO_IN_NANO)

    def output_for(self, nano: int, input: int) -> int:
        """Return how many tokens of output an amount of nano-USD pays for, beside the input."""
        left = nano * _ATTO_IN_NANO - input * self.input - self.call
        if left < 0:
            return 0
        return min(left // self.output, UNBOUNDED) if self.output > 0 else UNBOUNDED


class Ceilings:
    """The ceilings of one price, each worked out when it is first asked for."""

    __slots__ = ("_made", "_plain", "_price")

    def __init__(self, price: Price) -> None:
        self._price = price
        self._made: dict[tuple[int, Manner], Ceiling] = {}
        self._plain = _highest(price.rates(0), PLAIN) if len(price.bands) < 2 else None
        """Of all plain calls, where their length does not matter."""

    def of(self, input: int, manner: Manner) -> Ceiling:
        """Return the highest rates that hold for a prompt of so many tokens."""
        if manner is PLAIN and self._plain is not None:
            return self._plain
        over = next((band.over for band in self._price.bands if input > band.over), 0)
        found = self._made.get((over, manner))
        if found is None:
            found = _highest(self._price.rates(input, manner.tier), manner)
            if len(self._made) < _KEPT:
                self._made[over, manner] = found
        return found


def nano_up(usd: Decimal) -> int:
    """Return US dollars as whole nano-USD, rounded up."""
    return int((usd * NANO).to_integral_value(ROUND_CEILING))


def _highest(rates: Rates, manner: Manner) -> Ceiling:
    if not rates:
        return Ceiling()
    inputs = _INPUT + (_WRITTEN if manner.cached else ()) + (("input_audio",) if manner.sound else ())
    outputs = _OUTPUT + (("output_audio",) if manner.sound else ())
    call = _atto(rates.get("request", Decimal(0)))
    if manner.searches:
        call += manner.searches * max(_atto(rate_of(rates, name)) for name in _SEARCHES)
    return Ceiling(
        max(_atto(rate_of(rates, name)) for name in inputs),
        max(_atto(rate_of(rates, name)) for name in outputs),
        call,
    )


def _atto(usd: Decimal) -> int:
    return int(_EXACT.multiply(usd, Decimal(_ATTO)).to_integral_value(ROUND_CEILING))
