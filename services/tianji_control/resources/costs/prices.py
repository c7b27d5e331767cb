"""The price of a model as gateways bill it: of a deployment by its name, else of the table's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tianji.errors import BadRequest
from tianji.pricing.adjusted import adjusted
from tianji.pricing.lookup import price_of
from tianji.pricing.price import Price
from tianji.store.rows import Connection
from tianji_control.resources.models import store as models
from tianji_control.resources.prices import service as prices
from tianji_control.resources.settings import store as settings


class Priced(Struct, frozen=True):
    """A model of a provider, and its price."""

    provider: str
    model: str
    price: Price


async def priced(db: Connection, name: str) -> Priced:
    """Find what calls of a model cost. Raises BadRequest where no price is known."""
    catalog = await prices.catalog(db)
    found = next((row for row in await models.listed(db) if row.model_name == name), None)
    if found is not None:
        provider, model, overrides = found.provider, found.model, found.params | found.info
    else:
        entry = catalog.find(name)
        provider, _, model = name.partition("/") if "/" in name else ("", "", name)
        provider, overrides = (entry.provider if entry else provider or "openai"), {}
    calls = (await settings.in_force(db)).calls
    price = adjusted(
        price_of(provider, model, overrides, catalog=catalog),
        provider,
        model,
        _mapping(calls.get("cost_discount_config")),
        _mapping(calls.get("cost_margin_config")),
    )
    if not price.known:
        words = f"No price is known of the model {name}; give its deployment input_cost_per_token"
        raise BadRequest(words, param="model")
    return Priced(provider, model, price)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
