"""LiteLLM's names for prices and abilities, read into ours.

The same names are used in its price JSON and by users in `litellm_params` and `model_info`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from tianji.pricing.price import join_key

_NAMES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "cache_creation_input_token_cost_above_12hr": "cache_write_12h",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "cache_read_input_image_token_cost": "cache_read_image",
    "cache_creation_input_audio_token_cost": "cache_write_audio",
    "input_cost_per_request": "request",
    "citation_cost_per_token": "citation",
    "ocr_cost_per_page": "page",
    "ocr_cost_per_credit": "credit",
    "annotation_cost_per_page": "annotated_page",
    "google_maps_grounding_cost_per_query": "maps_query",
    "code_interpreter_cost_per_session": "code_session",
}
_BASES = {name: field for field, name in _NAMES.items()}
_COUNTED = re.compile(
    r"(input|output)_cost_per_"
    r"((?:image|second)(?:_[0-9][0-9a-z.]*)?|image_token|video_token|character|pixel|query|text_message"
    r"|(?:video|audio)_per_second)",
    re.IGNORECASE,
)
_TIERS = {
    "batches": "batch",
    "priority": "priority",
    "flex": "flex",
    "balanced": "balanced",
    "ultrafast": "ultrafast",
    "decisions": "decisions",
}
_TIER_NAMES = {tier: name for name, tier in _TIERS.items()}
_TIER = rf"(?:_(?P<tier{{}}>{'|'.join(_TIERS)}))?"
_FIELD = re.compile(
    rf"(?P<base>.+?){_TIER.format(1)}(?:_above_(?P<over>\d+)(?P<kilo>k?)_tokens)?{_TIER.format(2)}"
)
_SEARCHES = "search_context_cost_per_query"
FROM_THE_THRESHOLD_ON = frozenset({"xai"})
"""Providers that bill the higher band from the threshold on, not from one above it."""

_NOISE = Context(prec=12)
"""Prices computed with floats carry noise in the 16th digit; no provider names twelve."""


def amount(value: object) -> Decimal | None:
    """Read a price; `None` for what is no price: text, a negative, infinity, a truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = _NOISE.create_decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and number >= 0 else None


def rates_from(fields: Mapping[str, Any], *, inclusive: bool = False) -> dict[str, Decimal]:
    """Read every price among `fields`, by our keys.

    `inclusive`: the provider bills the higher band from the threshold on, not from one above it.
    """
    rates: dict[str, Decimal] = {}
    for field, value in fields.items():
        key = _key(field, 1 if inclusive else 0)
        rate = amount(value) if key else None
        if key and rate is not None:
            rates[key] = rate
    rates.update(_searches(fields.get(_SEARCHES)))
    for key, rate in _tiered(fields.get("tiered_pricing"), inclusive):
        rates.setdefault(key, rate)
    cache_hit = amount(fields.get("input_cost_per_token_cache_hit"))
    if cache_hit is not None:
        rates.setdefault("cache_read", cache_hit)
    return rates


def abilities_from(fields: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Read the `supports_*` flags: what a model has, and what it is said to lack."""
    flags = {
        name.removeprefix("supports_"): value
        for name, value in fields.items()
        if name.startswith("supports_") and isinstance(value, bool)
    }
    return {flag for flag, yes in flags.items() if yes}, {flag for flag, yes in flags.items() if not yes}


def limit_from(fields: Mapping[str, Any], *names: str) -> int | None:
    """Read the first of these limits that holds a whole number above 0."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < 2**53:
            return int(value)
    return None


def field_of(name: str, over: int, tier: str) -> str:
    """Return the name that a rate has at LiteLLM: the other way round than `rates_from`."""
    base = _BASES.get(name) or f"{name.partition('_')[0]}_cost_per_{name.partition('_')[2]}"
    threshold = f"_above_{over // 1000}k_tokens" if over and over % 1000 == 0 else ""
    if over and not threshold:
        threshold = f"_above_{over}_tokens"
    return base + threshold + (f"_{_TIER_NAMES[tier]}" if tier else "")


def _key(field: str, less: int) -> str | None:
    match = _FIELD.fullmatch(field)
    if match is None:
        return None
    name = _name(match["base"])
    if name is None:
        return None
    tier = _TIERS.get(match["tier1"] or match["tier2"] or "", "")
    over = int(match["over"] or 0) * (1000 if match["kilo"] else 1)
    return join_key(name, max(over - less, 0), tier)


def _name(base: str) -> str | None:
    if name := _NAMES.get(base):
        return name
    counted = _COUNTED.fullmatch(base)
    return f"{counted[1]}_{counted[2]}".lower() if counted else None


def _searches(prices: object) -> Iterator[tuple[str, Decimal]]:
    if not isinstance(prices, Mapping):
        return
    for size in ("low", "medium", "high"):
        rate = amount(prices.get(f"search_context_size_{size}"))
        if rate is not None:
            yield f"search_{size}", rate


def _tiered(steps: object, inclusive: bool) -> Iterator[tuple[str, Decimal]]:
    """Read a list of prompt ranges, each with its prices, as bands."""
    if not isinstance(steps, list | tuple):
        return
    for step in steps:
        reach = step.get("range") if isinstance(step, Mapping) else None
        start = amount(reach[0]) if isinstance(reach, list | tuple) and reach else None
        if start is None:
            continue
        over = max(int(start) - (1 if inclusive else 0), 0)
        for field, value in step.items():
            name, rate = _name(field), amount(value)
            if name and rate is not None:
                yield join_key(name, over), rate
