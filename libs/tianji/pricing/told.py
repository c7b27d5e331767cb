"""A price table in LiteLLM's words, for those who read its price JSON."""

from __future__ import annotations

from typing import Any

from tianji.pricing.catalog import Catalog, Entry
from tianji.pricing.price import Rates, split_key
from tianji.pricing.spellings import FROM_THE_THRESHOLD_ON, field_of

_SEARCHES = {"search_low": "low", "search_medium": "medium", "search_high": "high"}


def told(catalog: Catalog) -> dict[str, dict[str, Any]]:
    """Return all entries of a table by the models' names."""
    return {entry.model: fields_of(entry) for entry in catalog.entries()}


def fields_of(entry: Entry) -> dict[str, Any]:
    """Return one entry as LiteLLM's price JSON says it."""
    fields: dict[str, Any] = {"litellm_provider": entry.provider, "mode": entry.mode}
    limits = {
        "max_tokens": entry.max_output or entry.max_input,
        "max_input_tokens": entry.max_input,
        "max_output_tokens": entry.max_output,
        "output_vector_size": entry.vector,
        "deprecation_date": entry.retires,
    }
    fields |= {name: value for name, value in limits.items() if value is not None}
    fields |= costs_of(entry.rates, inclusive=entry.provider in FROM_THE_THRESHOLD_ON)
    fields |= {f"supports_{ability}": True for ability in entry.has}
    return fields | {f"supports_{ability}": False for ability in entry.lacks}


def costs_of(rates: Rates, *, inclusive: bool = False) -> dict[str, Any]:
    """Return rates under the names that they have in LiteLLM's configs."""
    costs: dict[str, Any] = {}
    searches: dict[str, float] = {}
    for key, rate in rates.items():
        name, over, tier = split_key(key)
        if name in _SEARCHES:
            searches[f"search_context_size_{_SEARCHES[name]}"] = float(rate)
        else:
            costs[field_of(name, over + 1 if over and inclusive else over, tier)] = float(rate)
    return costs | ({"search_context_cost_per_query": searches} if searches else {})
