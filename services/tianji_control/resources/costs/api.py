"""`/spend/calculate` and `/cost/estimate`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji.pricing.cost import cost
from tianji.pricing.price import rate_of
from tianji.tokens.count import Counter
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Usage
from tianji_control.call import Call, Guarded
from tianji_control.resources.costs.prices import priced

FRONT = ChatFront()
COUNTER = Counter()


class Calculate(Struct, kw_only=True):
    """The body of `/spend/calculate`."""

    model: str | None = None
    messages: list[dict[str, Any]] | None = None
    completion_response: dict[str, Any] | None = None


class Calculated(Struct, kw_only=True):
    """What a call costs, in US dollars."""

    cost: float


class Estimate(Struct, kw_only=True):
    """The body of `/cost/estimate`: tokens of one request, cached and reasoning ones counted within."""

    model: str
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    reasoning_tokens: int = 0
    num_requests_per_day: int | None = None
    num_requests_per_month: int | None = None


async def calculate(call: Call) -> Response:
    """POST /spend/calculate: the cost of a prompt, or of an answer with its usage."""
    ask = await call.body(Calculate)
    if ask.model is not None:
        if ask.messages is None:
            raise BadRequest("messages must be given with model", param="messages")
        return call.answer(Calculated(cost=float(await _prompt_cost(call, ask.model, ask.messages))))
    if ask.completion_response is None:
        raise BadRequest("Give model and messages, or completion_response", param="model")
    return call.answer(Calculated(cost=float(await _answer_cost(call, ask.completion_response))))


async def estimate(call: Call) -> Response:
    """POST /cost/estimate: what requests of a size cost, each, a day and a month."""
    ask = await call.body(Estimate)
    _check(ask)
    async with call.runtime.store.connection() as db:
        found = await priced(db, ask.model)
    usage = Usage(
        input_tokens=ask.input_tokens,
        output_tokens=ask.output_tokens,
        cache_read_tokens=ask.cache_read_input_tokens,
        cache_write_tokens=ask.cache_creation_input_tokens,
        reasoning_tokens=ask.reasoning_tokens,
    )
    parts = cost(usage, found.price)
    rates = found.price.rates(usage.input_tokens)
    each = {
        "cost": parts.total,
        "input_cost": parts.input + parts.cache_read + parts.cache_creation,
        "output_cost": parts.output + parts.reasoning,
        "cache_read_cost": parts.cache_read,
        "cache_creation_cost": parts.cache_creation,
        "reasoning_cost": parts.reasoning,
    }
    shown: dict[str, Any] = {
        **{name: getattr(ask, name) for name in ask.__struct_fields__},
        **{f"{name}_per_request": float(amount) for name, amount in each.items()},
        "margin_cost_per_request": 0.0,
        "input_cost_per_token": float(rate_of(rates, "input")),
        "output_cost_per_token": float(rate_of(rates, "output")),
        "cache_read_input_token_cost": float(rate_of(rates, "cache_read")),
        "cache_creation_input_token_cost": float(rate_of(rates, "cache_write")),
        "provider": found.provider,
    }
    for span, count in (("daily", ask.num_requests_per_day), ("monthly", ask.num_requests_per_month)):
        for name, amount in each.items():
            shown[f"{span}_{name}"] = None if count is None else float(amount * count)
    return call.answer(shown)


async def _prompt_cost(call: Call, name: str, messages: list[dict[str, Any]]) -> Decimal:
    async with call.runtime.store.connection() as db:
        found = await priced(db, name)
    body = msgspec.json.encode({"model": found.model, "messages": messages})
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    FRONT.check(fields)
    tokens = await COUNTER.count_messages(FRONT.read(fields), found.model)
    return cost(Usage(input_tokens=tokens), found.price).total


async def _answer_cost(call: Call, answer: dict[str, Any]) -> Decimal:
    glance = FRONT.glance(msgspec.json.encode(answer))
    if not glance.model or glance.usage is None:
        words = "completion_response must have model and usage, as a chat completion has them"
        raise BadRequest(words, param="completion_response")
    async with call.runtime.store.connection() as db:
        return cost(glance.usage, (await priced(db, glance.model)).price).total


def _check(ask: Estimate) -> None:
    counts = {name: getattr(ask, name) for name in ask.__struct_fields__ if name != "model"}
    for name, count in counts.items():
        if count is not None and count < 0:
            raise BadRequest(f"{name} must not be negative", param=name, status=422)
    if ask.cache_read_input_tokens + ask.cache_creation_input_tokens > ask.input_tokens:
        raise BadRequest("Cached tokens are counted within input_tokens", param="input_tokens", status=422)
    if ask.reasoning_tokens > ask.output_tokens:
        raise BadRequest(
            "Reasoning tokens are counted within output_tokens", param="output_tokens", status=422
        )


routes = [
    Guarded("POST", "/spend/calculate", calculate, "open:read", body=Calculate, gives=Calculated),
    Guarded("POST", "/cost/estimate", estimate, "open:read", body=Estimate, gives=dict[str, Any]),
]
