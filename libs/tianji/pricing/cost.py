"""What a call cost: usage times price, in parts that add up exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, InvalidOperation

from msgspec import Struct, field
from msgspec.structs import replace

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
        return _sum(self.parts().values())

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
    rates = price.rates(usage.input_tokens, tier)
    tokens = Cost(known=True, **_token_costs(usage, rates))  # type: ignore[arg-type]  # none is unit_parts
    counted = _counted(usage, rates, units or {})
    if not counted:
        return tokens
    tools, others = _unit_costs(rates, counted)
    return replace(
        tokens,
        tools=_sum(tools.values()),
        units=_sum(others.values()),
        unit_parts=tools | others,
    )


def text(amount: Decimal) -> str:
    """Write an amount of money as plain decimal text, without exponent or trailing zeros."""
    return f"{amount.normalize(_EXACT):f}"


def _token_costs(usage: Usage, rates: Rates) -> dict[str, Decimal]:
    if not (
        usage.cache_read_tokens
        or usage.cache_write_tokens
        or usage.reasoning_tokens
        or usage.input_audio_tokens
        or usage.output_audio_tokens
    ):  # most calls: all tokens of a side cost the same
        plain = {}
        if usage.input_tokens > 0:
            plain["input"] = _times(usage.input_tokens, rate_of(rates, "input"))
        if usage.output_tokens > 0:
            plain["output"] = _times(usage.output_tokens, rate_of(rates, "output"))
        return plain
    prompt = _Pool(usage.input_tokens)
    answer = _Pool(usage.output_tokens)
    read = prompt.take(usage.cache_read_tokens)
    written = _Pool(prompt.take(usage.cache_write_tokens))
    written_1h = written.take(usage.cache_write_1h_tokens)
    heard = prompt.take(usage.input_audio_tokens)
    reasoned = answer.take(usage.reasoning_tokens)
    spoken = answer.take(usage.output_audio_tokens)
    counts = {
        "input": prompt.left,
        "cache_read": read,
        "input_audio": heard,
        "output": answer.left,
        "reasoning": reasoned,
        "output_audio": spoken,
    }
    # Most calls use two of these: what was not used is not looked up.
    costs = {name: _times(count, rate_of(rates, name)) for name, count in counts.items() if count}
    if written.left or written_1h:
        for_long = _times(written_1h, rate_of(rates, "cache_write_1h"))
        costs["cache_creation"] = _EXACT.add(_times(written.left, rate_of(rates, "cache_write")), for_long)
    return costs


def _times(count: int | Decimal, rate: Decimal) -> Decimal:
    return _EXACT.multiply(count, rate)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = _ZERO
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


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
    if not units and usage.web_searches <= 0 and "request" not in rates:
        return {}
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
        part = _times(max(Decimal(count), _ZERO), rates.get(name, _ZERO))
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
