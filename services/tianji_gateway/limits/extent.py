"""How large a request may become: by its bytes, which is cheap and never too little, or counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tianji.errors import BadRequest
from tianji.limits.contract import NO_LIMIT
from tianji.pricing.ceiling import PLAIN, Manner
from tianji.tokens.count import Counter
from tianji.wire.front import Fields
from tianji_gateway.flow.receive import Inference, object_of, value_of
from tianji_gateway.limits.attached import attached_to, unescaped
from tianji_gateway.snapshot.params import count_of
from tianji_gateway.snapshot.target import Target

UNKNOWN_OUTPUT = 4096
"""The most a model answers whose limit nobody knows, where the request does not say."""

_OWN_OUTPUT = {
    "chat": ("max_completion_tokens", "max_tokens"),
    "messages": ("max_tokens",),
    "responses": ("max_output_tokens",),
}
"""By client format, how requests say how long an answer may be; another format's word holds nobody to it."""
_CONFIGURED_OUTPUT = ("maxOutputTokens", "max_output_tokens")
_UNFILLED = frozenset({"generate_content"})
"""Client formats whose requests a deployment's own limit may not be put into."""
_CONFIG = ("generationConfig", "generation_config")
LENGTHS = frozenset(
    {
        *(
            "maxOutputTokens",
            "maxTokenCount",
            "maxTokens",
            "max_completion_tokens",
            "max_gen_len",
            "max_length",
        ),
        *("max_new_tokens", "max_output_tokens", "max_tokens", "max_tokens_to_sample", "num_predict"),
    }
)
"""How any provider is told how long an answer may be: what no format knows is passed on to some."""
ANSWERS = frozenset({"best_of", "candidateCount", "candidate_count", "n", "num_return_sequences"})
INNER = frozenset(
    {
        *("additionalModelRequestFields", "generationConfig", "generation_config", "inferenceConfig"),
        *("inference_config", "options", "parameters", "sampling_params", "textGenerationConfig"),
    }
)
"""Where providers look for such words beside the top level."""
_ELSEWHERE = frozenset({"cachedContent", "conversation", "previous_response_id", "prompt"})
"""Fields that name input which is not in the request: it may be as much as the model takes."""
_TOOLS_TOKENS = 600
"""What providers put around tools."""
_SEARCHES = 10
"""How often a model that may search will."""
_COUNTED_MARGIN = 1.25
"""Other vocabularies than OpenAI's make at most so many more tokens of a text."""


class Size(Struct, frozen=True):
    """What can be said of a request before it is sent."""

    input: int
    """The most tokens that its input has."""
    output: int | None
    """The most tokens of one answer, where the request says it."""
    answers: int
    """How many answers it asks for."""
    anything: bool
    """Whether there is input elsewhere: then the model's own limit is the only one."""
    manner: Manner
    filled: bool
    """Whether the deployment's own limit holds where the request says none."""
    cap: int | None = None
    """The most tokens of one answer that the gateway lets it have."""
    attached: int = 0
    """What of `input` is for pictures: counting them tells what they come to, not the most of it."""

    @property
    def said(self) -> int | None:
        """Return the most tokens of all answers, where the request says it."""
        return None if self.output is None else min(self._capped(self.output) * self.answers, NO_LIMIT)

    def cost_nano(self, target: Target, most_output: int | None) -> int:
        """Return the most that the call costs on a deployment."""
        tokens = self._input(target)
        output = self.output_on(target, most_output) * self.answers
        return min(target.ceilings.of(tokens, self.manner).nano(tokens, output), NO_LIMIT)

    def output_on(self, target: Target, most_output: int | None) -> int:
        """Return the most tokens of one answer of a deployment; `most_output` bounds what nobody said."""
        output = self.output
        if output is None:
            usual = target.usual_output if self.filled else None
            output = usual or target.price.max_output_tokens or UNKNOWN_OUTPUT
            output = min(output, most_output) if most_output else output
        return self._capped(output)

    def output_for(self, target: Target, nano: int) -> int:
        """Return how many tokens of each answer an amount of nano-USD pays for on a deployment."""
        tokens = self._input(target)
        paid = target.ceilings.of(tokens, self.manner).output_for(nano, tokens) // self.answers
        usual = target.usual_output if self.output is None else None
        return paid if usual is None else min(paid, usual)

    def _input(self, target: Target) -> int:
        most = target.price.max_input_tokens
        return most if most and (self.anything or self.input > most) else self.input

    def _capped(self, output: int) -> int:
        return output if self.cap is None else min(output, self.cap)


def size_of(inference: Inference) -> Size:
    """Return the upper bounds of a request: a token has at least one byte."""
    fields, front = inference.fields, inference.front.name
    names = fields.keys()
    text = unescaped(b" ".join(fields.values()))
    attached = attached_to(text)
    tools = unescaped(bytes(fields["tools"])) if "tools" in fields else b""
    named = _OWN_OUTPUT.get(front, ())
    inner = {name: object_of(fields, name) for name in INNER & names}
    return Size(
        input=len(text) + attached.tokens + (_TOOLS_TOKENS if tools else 0),
        output=_output(fields, named, inner),
        answers=_largest(fields, ANSWERS & names, inner.values(), ANSWERS) or 1,
        anything=attached.anything or not names.isdisjoint(_ELSEWHERE),
        manner=_manner(fields, text, tools),
        filled=front not in _UNFILLED and names.isdisjoint(named),
        attached=attached.tokens,
    )


async def counted(size: Size, inference: Inference, counter: Counter, model: str) -> Size:
    """Return a request's size with its input counted; as it was where it cannot be read."""
    try:
        tokens = await counter.count_messages(inference.read(), model)
    except (BadRequest, RecursionError):
        return size
    exact = int(tokens * _COUNTED_MARGIN) + (_TOOLS_TOKENS if "tools" in inference.fields else 0)
    return replace(size, input=min(exact + size.attached, size.input))


def _output(fields: Fields, named: tuple[str, ...], inner: Mapping[str, Mapping[str, Any]]) -> int | None:
    """Return how long an answer may be by a request's own words, or by others' where these say more."""
    if named:
        own = _largest(fields, named, (), ())
    else:
        own = _largest(fields, (), (inner[at] for at in _CONFIG if at in inner), _CONFIGURED_OUTPUT)
    others = (LENGTHS & fields.keys()).difference(named)
    if own is None or not (others or inner):
        return own
    return max(own, _largest(fields, others, inner.values(), LENGTHS) or 0)


def _largest(
    fields: Fields, named: Iterable[str], configs: Iterable[Mapping[str, Any]], configured: Iterable[str]
) -> int | None:
    """Return the largest of the numbers that are said; what is beyond all counting counts as `NO_LIMIT`."""
    most = 0
    for name in named:
        if name in fields:
            most = max(most, count_of(value_of(fields, name)) or 0)
    for config in configs:
        for name in configured:
            most = max(most, count_of(config.get(name)) or 0)
    return min(most, NO_LIMIT) or None


def _manner(fields: Fields, text: bytes, tools: bytes) -> Manner:
    cached, sound = b"cache" in text, b"audio" in text
    searches = _SEARCHES if b"search" in tools or "web_search_options" in fields else 0
    tier = value_of(fields, "service_tier") if "service_tier" in fields else None
    if not (cached or sound or searches or tier):
        return PLAIN
    return Manner(searches, cached, sound, tier if isinstance(tier, str) else None)
