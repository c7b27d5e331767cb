"""`generationConfig`: to parameters, the answer's shape and how much to think."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from tianji.wire import values
from tianji.wire.front import Fields
from tianji.wire.generate_content.schema import json_schema
from tianji.wire.generate_content.spelling import fields
from tianji.wire.neutral import Ask, Shape, Text, Thinking, Turn
from tianji.wire.values import Object, boolean, integer, number, optional, string

_SIMPLE: dict[str, tuple[str, Any]] = {
    "maxOutputTokens": ("max_tokens", integer),
    "temperature": ("temperature", number),
    "topP": ("top_p", number),
    "topK": ("top_k", integer),
    "candidateCount": ("n", integer),
    "seed": ("seed", integer),
    "presencePenalty": ("presence_penalty", number),
    "frequencyPenalty": ("frequency_penalty", number),
    "responseLogprobs": ("logprobs", boolean),
    "logprobs": ("top_logprobs", integer),
}
_SHAPE = ("responseMimeType", "responseSchema", "responseJsonSchema")
_READ = {*_SIMPLE, *_SHAPE, "stopSequences", "thinkingConfig"}
_AT = "generationConfig"
_SNAKE = "generation_config"
_ENUM = "text/x.enum"
"""Google's only: an answer that is one of the words of a schema, bare."""
_AS_IT_LIKES = -1


def read_config(ask: Ask, said: object) -> Object:
    """Read `generationConfig` into a request; return what only Google knows of it."""
    if said is None:
        return {}
    config = fields(said, _AT)
    for name, (ours, reader) in _SIMPLE.items():
        setattr(ask, ours, optional(reader, config, name, _AT))
    if ask.n == 1:
        ask.n = None
    ask.stop = optional(values.strings, config, "stopSequences", _AT) or []
    ask.shape = _shape(config)
    if config.get("responseMimeType") == _ENUM and config.get("responseSchema") is not None:
        ask.turns.append(_one_of(values.mapping(config["responseSchema"], f"{_AT}.responseSchema")))
    if config.get("thinkingConfig") is not None:
        ask.thinking = _thinking(config["thinkingConfig"])
    return {name: value for name, value in config.items() if name not in _READ and value is not None}


def shorten(request: Fields, most: int) -> None:
    """Say in a request, in whichever spelling, that an answer has so many tokens at most."""
    place = _SNAKE if _SNAKE in request and _AT not in request else _AT
    said = values.decode(request[place], place) if place in request else None
    config = {} if said is None else fields(said, place)
    request[place] = Raw(values.encode({**config, "maxOutputTokens": most}))


def _shape(config: Object) -> Shape | None:
    kind = optional(string, config, "responseMimeType", _AT)
    schema = config.get("responseJsonSchema")
    if schema is None and config.get("responseSchema") is not None:
        schema = json_schema(values.mapping(config["responseSchema"], f"{_AT}.responseSchema"))
    if kind == _ENUM:
        return None
    if isinstance(schema, dict):
        return Shape("json_schema", name="answer", schema=schema)
    return Shape("json_object") if kind == "application/json" else None


def _one_of(schema: Object) -> Turn:
    """Say in words what no other format has a field for: the answer is one word of a list."""
    words = optional(values.strings, schema, "enum", f"{_AT}.responseSchema") or []
    told = f"Answer with exactly one of these, and with nothing else: {', '.join(words)}."
    return Turn("system", [Text(told)])


def _thinking(said: object) -> Thinking:
    place = f"{_AT}.thinkingConfig"
    config = fields(said, place)
    budget = optional(integer, config, "thinkingBudget", place)
    level = optional(string, config, "thinkingLevel", place)
    shown = optional(boolean, config, "includeThoughts", place)
    thinking = Thinking(summary="auto" if shown else None)
    if level is not None and not level.upper().endswith("UNSPECIFIED"):
        thinking.effort = level.lower()
    if budget == 0:
        thinking.enabled = False
    elif budget is not None and budget != _AS_IT_LIKES:
        thinking.enabled, thinking.budget_tokens = True, budget
    elif thinking.effort is None and (shown or budget == _AS_IT_LIKES):
        thinking.enabled = True
    return thinking
