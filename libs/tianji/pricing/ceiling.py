"""The most that a call may cost, before it is made."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from tianji.pricing.price import Price, Rates, rate_of

NANO = 1_000_000_000

_INPUT = ("input",)
_WRITTEN = ("cache_write", "cache_write_1h")
_OUTPUT = ("output", "reasoning")
_SEARCHES = ("search_low", "search_medium", "search_high")


class Extent(Struct, frozen=True):
    """How large a call may become: an upper bound of each."""

    input: int
    output: int
    searches: int = 0
    cached: bool = False
    """Whether it may write to the provider's cache, which costs more than plain input."""
    sound: bool = False
    tier: str | None = None


def ceiling_nano(price: Price, extent: Extent) -> int:
    """Return the most that a call of this extent costs in nano-USD, rounded up; 0 for a free model."""
    rates = price.rates(extent.input, extent.tier)
    if not rates:
        return 0
    inputs = _INPUT + (_WRITTEN if extent.cached else ()) + (("input_audio",) if extent.sound else ())
    outputs = _OUTPUT + (("output_audio",) if extent.sound else ())
    total = extent.input * _highest(rates, inputs) + extent.output * _highest(rates, outputs)
    total += rates.get("request", Decimal(0))
    if extent.searches:
        total += extent.searches * _highest(rates, _SEARCHES)
    return nano_up(total)


def nano_up(usd: Decimal) -> int:
    """Return US dollars as whole nano-USD, rounded up."""
    return int((usd * NANO).to_integral_value(ROUND_CEILING))


def _highest(rates: Rates, names: tuple[str, ...]) -> Decimal:
    return max(rate_of(rates, name) for name in names)
