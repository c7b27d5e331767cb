"""What a call cost: usage times price, in parts that add up exactly."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation, localcontext

from msgspec import Struct, field

from tianji.pricing.price import Price, Rates, rate_of
from tianji.wire.neutral import Usage

_ZERO = Decimal(0)
_EXACT = Context(prec=60)
"""Wide enough that no product or sum of prices and counts is ever rounded."""

Units = Mapping[str, int | Decimal]
"""What was used beside tokens, by the name of its rate: `output_image`, `input_second`, ..."""


class Cost(Struct, frozen=True, kw_only=True):
    """A call's cost in US dollars, in disjoint parts.

    `output` is the visible text only; `reasoning`, `output_audio` stand beside it, as `cache_read`,
    `cache_creation` and `input_audio` stand beside `input`. `known` is false where no price was
    known: the cost is then 0, but the call was not free.
    """

    known: bool
    input: Decimal = _ZERO
    cache_read: Decimal = _ZERO
    cache_creation: Decimal = _ZERO
    input_audio: Decimal = _ZERO
    output: Decimal = _ZERO
    reasoning: Decimal = _ZERO
    output_audio: Decimal = _ZERO
    tools: Decimal = _ZERO
    """Web searches and other tools that the provider ran."""
    units: Decimal = _ZERO
    """Images, seconds, characters, pages, and a price per call."""
    stated: Decimal = _ZERO
    """What the provider said the call cost, where only it knows the price."""
    unit_parts: Mapping[str, Decimal] = field(default_factory=dict)
    """The parts of `tools` and `units`, by the name of their rate."""

    @property
    def total(self) -> Decimal:
        """Add up all parts."""
        with localcontext(_EXACT):
            return sum(self.parts().values(), _ZERO)

    def parts(self) -> dict[str, Decimal]:
        """List the parts that cost something."""
        parts = {
            "input": self.input,
            "cache_read": self.cache_read,
            "cache_creation": self.cache_creation,
            "input_audio": self.input_audio,
            "output": self.output,
            "reasoning": self.reasoning,
            "output_audio": self.output_audio,
            "tools": self.tools,
            "units": self.units,
            "stated": self.stated,
        }
        return {name: part for name, part in parts.items() if part}


def cost(usage: Usage, price: Price, tier: str | None = None, units: Units | None = None) -> Cost:
    """Work out what a call cost.

    `tier` is the service tier that served it (`batch`, `priority`, `flex`), if any. The band of
    the price is chosen by all prompt tokens, cached ones included. Each token is charged once,
    also where a provider's counts contradict each other: parts never exceed their total.
    """
    if not price.known:
        stated = _stated(usage)
        return Cost(known=stated is not None, stated=stated or _ZERO)
    with localcontext(_EXACT):
        rates = price.rates(usage.input_tokens, tier)
        tools, others = _unit_costs(rates, _counted(usage, rates, units or {}))
        return Cost(
            known=True,
            **_token_costs(usage, rates),
            tools=sum(tools.values(), _ZERO),
            units=sum(others.values(), _ZERO),
            unit_parts=tools | others,
        )


def text(amount: Decimal) -> str:
    """Write an amount of money as plain decimal text, without exponent or trailing zeros."""
    return f"{amount.normalize(_EXACT):f}"


def _token_costs(usage: Usage, rates: Rates) -> dict[str, Decimal]:
    prompt = _Pool(usage.input_tokens)
    answer = _Pool(usage.output_tokens)
    read = prompt.take(usage.cache_read_tokens)
    written = _Pool(prompt.take(usage.cache_write_tokens))
    written_1h = written.take(usage.cache_write_1h_tokens)
    heard = prompt.take(usage.input_audio_tokens)
    reasoned = answer.take(usage.reasoning_tokens)
    spoken = answer.take(usage.output_audio_tokens)
    return {
        "input": prompt.left * rate_of(rates, "input"),
        "cache_read": read * rate_of(rates, "cache_read"),
        "cache_creation": written.left * rate_of(rates, "cache_write")
        + written_1h * rate_of(rates, "cache_write_1h"),
        "input_audio": heard * rate_of(rates, "input_audio"),
        "output": answer.left * rate_of(rates, "output"),
        "reasoning": reasoned * rate_of(rates, "reasoning"),
        "output_audio": spoken * rate_of(rates, "output_audio"),
    }


class _Pool:
    """Tokens of which each can be taken once."""

    __slots__ = ("left",)

    def __init__(self, tokens: int) -> None:
        self.left = max(tokens, 0)

    def take(self, tokens: int) -> int:
        taken = min(max(tokens, 0), self.left)
        self.left -= taken
        return taken


def _counted(usage: Usage, rates: Rates, units: Units) -> dict[str, int | Decimal]:
    """Add to the caller's units what follows from the call itself: the call, its web searches."""
    counted = dict(units)
    if "request" in rates:
        counted.setdefault("request", 1)
    if usage.web_searches > 0 and not any(_is_search(name) for name in units):
        counted["search_medium"] = usage.web_searches
    return counted


def _unit_costs(
    rates: Rates, units: Mapping[str, int | Decimal]
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    tools: dict[str, Decimal] = {}
    others: dict[str, Decimal] = {}
    for name, count in units.items():
        part = max(Decimal(count), _ZERO) * rates.get(name, _ZERO)
        if part:
            (tools if _is_tool(name) else others)[name] = part
    return tools, others


def _is_search(name: str) -> bool:
    return name.startswith("search_")


def _is_tool(name: str) -> bool:
    return _is_search(name) or name in {"maps_query", "code_session"}


def _stated(usage: Usage) -> Decimal | None:
    if usage.cost_usd is None:
        return None
    try:
        stated = Decimal(usage.cost_usd)
    except InvalidOperation:
        return None
    return stated if stated.is_finite() and stated >= 0 else None
