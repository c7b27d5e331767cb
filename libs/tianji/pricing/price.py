"""A model's price: its rates in US dollars, by prompt length and service tier.

A rate's key in the table reads `name`, `name>200000` (when the prompt holds more tokens than
that), `name@batch` (for a service tier) or `name>200000@batch`. Names that the gateway itself
charges: input, output, cache_read, cache_write, cache_write_1h, reasoning, input_audio,
output_audio (all per token), request (per call), search_low, search_medium, search_high (per web
search). Any other name, such as output_image or input_second, is charged by the units a caller
counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

Rates = Mapping[str, Decimal]

STANDARD = ""
"""The service tier of a call that asked for none."""

_TIER_SPELLINGS = {
    "auto": STANDARD,
    "default": STANDARD,
    "standard": STANDARD,
    "standard_only": STANDARD,
    "batches": "batch",
}

_INSTEAD = {
    "cache_read": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "reasoning": "output",
    "input_audio": "input",
    "output_audio": "output",
    "output": "output_image_token",
}
"""Which rate holds where a model has none of its own: a provider that names no price for cached
tokens bills them as plain input, and one that names no text output makes only images."""

_ZERO = Decimal(0)


class Band(Struct, frozen=True):
    """The rates that hold for prompts of more than `over` tokens, by service tier."""

    over: int
    tiers: Mapping[str, Rates]


class Price(Struct, frozen=True, kw_only=True):
    """What one upstream model costs and can do. `known` is false where no price was found."""

    known: bool
    name: str = ""
    """The table's name of the entry that was found."""
    provider: str = ""
    mode: str = ""
    version: str = ""
    """The table's version, with `+config` behind it where the config overrides a rate."""
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    bands: tuple[Band, ...] = ()
    """Widest threshold first; the last one has `over` 0 and holds for every prompt."""
    has: frozenset[str] = frozenset()
    """Abilities such as `vision` or `function_calling`."""
    lacks: frozenset[str] = frozenset()
    """Abilities that the model is known not to have."""

    def supports(self, ability: str) -> bool | None:
        """Tell whether the model has an ability; `None` when the table does not say."""
        if ability in self.has:
            return True
        return False if ability in self.lacks else None

    def rates(self, input_tokens: int, tier: str | None = None) -> Rates:
        """Give the rates for a prompt of this length; an unpriced tier costs the standard rates."""
        wanted = (tier or STANDARD).lower()
        wanted = _TIER_SPELLINGS.get(wanted, wanted)
        for band in self.bands:
            if input_tokens > band.over or band.over == 0:
                return band.tiers.get(wanted) or band.tiers[STANDARD]
        return {}


def rate_of(rates: Rates, name: str) -> Decimal:
    """Give a rate, or the one that holds in its place; 0 where the model has neither."""
    wanted: str | None = name
    while wanted is not None:
        rate = rates.get(wanted)
        if rate is not None:
            return rate
        wanted = _INSTEAD.get(wanted)
    return _ZERO


def bands_of(flat: Rates) -> tuple[Band, ...]:
    """Lay out a table entry's flat rates so that a call needs one look-up.

    A longer prompt's rates stand above a shorter one's, and within the same length a tier's above
    the standard ones; what is not named is inherited.
    """
    layers: dict[tuple[int, str], dict[str, Decimal]] = {}
    for key, rate in flat.items():
        name, over, tier = split_key(key)
        layers.setdefault((over, tier), {})[name] = rate
    thresholds = sorted({0} | {over for over, _ in layers})
    tiers = {STANDARD} | {tier for _, tier in layers}
    bands = []
    current: dict[str, dict[str, Decimal]] = {tier: {} for tier in tiers}
    for over in thresholds:
        for tier in tiers:
            current[tier] = current[tier] | layers.get((over, STANDARD), {}) | layers.get((over, tier), {})
        bands.append(Band(over, dict(current)))
    return tuple(reversed(bands))


def split_key(key: str) -> tuple[str, int, str]:
    """Take a rate's key apart into name, threshold (0 for none) and tier."""
    rest, _, tier = key.partition("@")
    name, _, over = rest.partition(">")
    return name, int(over or 0), tier


def join_key(name: str, over: int = 0, tier: str = STANDARD) -> str:
    """Build a rate's key from its parts."""
    return name + (f">{over}" if over else "") + (f"@{tier}" if tier else "")
