"""`/config/cost_…_config`: what is taken off providers' prices, and put on them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji.providers import names
from tianji_control.call import Call, Guarded
from tianji_control.resources.settings import service, store
from tianji_control.resources.settings.store import CALLS

DISCOUNT = "cost_discount_config"
MARGIN = "cost_margin_config"
BLOCK = "block_requests_for_models_without_pricing"
ALL = "global"
MOST_MARGIN = 10


class Values(Struct, frozen=True):
    """What is set, by provider."""

    values: dict[str, Any]


class Changed(Struct, frozen=True):
    """What was set, by provider."""

    message: str
    status: str
    values: dict[str, Any]


class Switch(Struct):
    """Whether models without a price are refused."""

    enabled: bool


async def discounts(call: Call) -> Response:
    """GET /config/cost_discount_config"""
    return call.answer(Values(await _map(call, DISCOUNT)))


async def set_discounts(call: Call) -> Response:
    """PATCH /config/cost_discount_config: `provider` or `provider/pattern` to a share between 0 and 1"""
    given = await call.mapping()
    for name, share in given.items():
        _check_provider(name)
        if name.endswith("/"):
            raise _wrong(f"Model pattern for {name} cannot be empty", name)
        if not _number(share) or not 0 <= share <= 1:
            raise _wrong(f"Discount for {name} must be between 0 and 1 (0% to 100%)", name)
    await service.write(call, {CALLS: {DISCOUNT: given}}, "config:cost_discount")
    return call.answer(Changed("Cost discount configuration updated successfully", "success", given))


async def margins(call: Call) -> Response:
    """GET /config/cost_margin_config"""
    return call.answer(Values(await _map(call, MARGIN)))


async def set_margins(call: Call) -> Response:
    """PATCH /config/cost_margin_config: by provider or `global` a share, or `percentage`, `fixed_amount`"""
    given = await call.mapping()
    for name, margin in given.items():
        if name != ALL:
            _check_provider(name)
        _check_margin(name, margin)
    await service.write(call, {CALLS: {MARGIN: given}}, "config:cost_margin")
    return call.answer(Changed("Cost margin configuration updated successfully", "success", given))


async def unpriced(call: Call) -> Response:
    """GET /config/block_requests_for_models_without_pricing"""
    async with call.runtime.store.connection() as db:
        return call.answer(Switch((await store.in_force(db)).calls.get(BLOCK) is True))


async def set_unpriced(call: Call) -> Response:
    """PATCH /config/block_requests_for_models_without_pricing"""
    ask = await call.body(Switch)
    await service.write(call, {CALLS: {BLOCK: ask.enabled}}, "config:block_unpriced")
    return call.answer(ask)


async def _map(call: Call, name: str) -> dict[str, Any]:
    async with call.runtime.store.connection() as db:
        found = (await store.in_force(db)).calls.get(name)
    return found if isinstance(found, dict) else {}


def _check_provider(name: str) -> None:
    provider = name.partition("/")[0]
    if provider not in names():
        raise _wrong(f"Invalid provider(s): {provider}. There is no such provider", name)


def _check_margin(name: str, margin: Any) -> None:
    parts = margin if isinstance(margin, dict) else {"percentage": margin}
    known = {"percentage", "fixed_amount"} & parts.keys()
    if not known:
        message = f"Margin config for {name} must include 'percentage' or 'fixed_amount'"
        raise _wrong(message, name)
    share, fixed = parts.get("percentage", 0), parts.get("fixed_amount", 0)
    if not _number(share) or not 0 <= share <= MOST_MARGIN:
        raise _wrong(f"Margin percentage for {name} must be between 0 and 10 (0% to 1000%)", name)
    if not _number(fixed) or fixed < 0:
        raise _wrong(f"Fixed margin amount for {name} must be a number that is not negative", name)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong(message: str, name: str) -> BadRequest:
    return BadRequest(message, type="bad_request_error", param=name)


routes = [
    Guarded("GET", "/config/cost_discount_config", discounts, "config:read", gives=Values),
    Guarded(
        "PATCH",
        "/config/cost_discount_config",
        set_discounts,
        "config:update",
        body=dict[str, float],
        gives=Changed,
    ),
    Guarded("GET", "/config/cost_margin_config", margins, "config:read", gives=Values),
    Guarded(
        "PATCH",
        "/config/cost_margin_config",
        set_margins,
        "config:update",
        body=dict[str, Any],
        gives=Changed,
    ),
    Guarded("GET", f"/config/{BLOCK}", unpriced, "config:read", gives=Switch),
    Guarded("PATCH", f"/config/{BLOCK}", set_unpriced, "config:update", body=Switch, gives=Switch),
]
