"""What the price table knows of a deployment's model, under LiteLLM's names."""

from __future__ import annotations

from typing import Any

from tianji.pricing.catalog import Catalog
from tianji.pricing.lookup import price_of
from tianji.pricing.price import Price
from tianji.pricing.told import costs_of
from tianji_control.resources.models.store import DeploymentRow

Map = dict[str, Any]


def price(row: DeploymentRow, catalog: Catalog) -> Price:
    """Return what a deployment's model costs and can do."""
    return price_of(row.provider, row.model, row.params | row.info, catalog=catalog)


def facts(row: DeploymentRow, catalog: Catalog) -> Map:
    """Return limits, costs and abilities as `model_info` names them."""
    found = price(row, catalog)
    known: Map = {
        "key": found.name or None,
        "litellm_provider": found.provider or row.provider,
        "mode": found.mode or None,
        "max_tokens": found.max_output_tokens or found.max_input_tokens,
        "max_input_tokens": found.max_input_tokens,
        "max_output_tokens": found.max_output_tokens,
        "input_cost_per_token": None,
        "output_cost_per_token": None,
    }
    known |= costs_of(dict(found.rates(0)))
    known |= {f"supports_{ability}": True for ability in found.has}
    return known | {f"supports_{ability}": False for ability in found.lacks}
