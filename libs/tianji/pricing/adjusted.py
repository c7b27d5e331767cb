"""A price after what the config takes off it and puts on it, by provider."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from msgspec import structs

from tianji.pricing.price import Band, Price, Rates
from tianji.pricing.spellings import amount

ALL = "global"
"""The margin of providers that have none of their own."""

_ONE = Decimal(1)
_NOTHING = Decimal(0)


def adjusted(
    price: Price,
    provider: str,
    model: str,
    discounts: Mapping[str, Any],
    margins: Mapping[str, Any],
) -> Price:
    """Return a price with its provider's discount taken off, then the margin put on.

    `discounts` are shares by provider, or by provider and pattern (`vertex_ai/claude-*`), of which
    the longest that fits counts. A margin is a share, or `percentage` and `fixed_amount` (a call).
    """
    off = _discount(provider, model, discounts)
    share, fixed = _margin(margins.get(provider, margins.get(ALL)))
    factor = (_ONE - off) * (_ONE + share)
    if not price.known or (factor == _ONE and not fixed):
        return price
    bands = tuple(
        Band(band.over, {tier: _scaled(rates, factor, fixed) for tier, rates in band.tiers.items()})
        for band in price.bands
    )
    version = price.version if price.version.endswith("+config") else f"{price.version}+config"
    return structs.replace(price, bands=bands, version=version)


def _scaled(rates: Rates, factor: Decimal, fixed: Decimal) -> Rates:
    scaled = {name: rate * factor for name, rate in rates.items()}
    if fixed:
        scaled["request"] = scaled.get("request", _NOTHING) + fixed
    return scaled


def _discount(provider: str, model: str, discounts: Mapping[str, Any]) -> Decimal:
    found = amount(discounts.get(provider)) or _NOTHING
    fitting = [
        (len(pattern), share)
        for name, share in discounts.items()
        if (pattern := name.removeprefix(f"{provider}/")) != name and fnmatchcase(model, pattern)
    ]
    if fitting:
        found = amount(max(fitting, key=lambda one: one[0])[1]) or _NOTHING
    return min(found, _ONE)


def _margin(said: Any) -> tuple[Decimal, Decimal]:
    parts = said if isinstance(said, Mapping) else {"percentage": said}
    return amount(parts.get("percentage")) or _NOTHING, amount(parts.get("fixed_amount")) or _NOTHING
