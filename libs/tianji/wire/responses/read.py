"""The body of a Responses request: to an `Ask`."""

from __future__ import annotations

from typing import Any

from tianji.errors import UnsupportedParameter
from tianji.wire import values
from tianji.wire.front import Fields
from tianji.wire.neutral import Shape, Text, Thinking, Tool, Turn
from tianji.wire.responses.ask import ResponsesAsk
from tianji.wire.responses.items import STATELESS, read_input
from tianji.wire.responses.parts import DIALECT
from tianji.wire.responses.tools import read_choice, read_tools
from tianji.wire.values import Object, boolean, integer, mapping, number, optional, required, string

_SIMPLE: dict[str, Any] = {
    "parallel_tool_calls": boolean,
    "temperature": number,
    "top_p": number,
    "top_logprobs": integer,
    "user": string,
    "metadata": mapping,
    "service_tier": string,
    "stream": boolean,
}
_KEPT_ELSEWHERE = {
    "previous_response_id": "keeps no answers to go on from",
    "conversation": "keeps no conversations",
    "prompt": "keeps no prompts",
}
_LOGPROBS = "message.output_text.logprobs"


def read(fields: Fields) -> ResponsesAsk:
    """Read a request. Raises UnsupportedParameter for what needs a provider that keeps answers."""
    body: Object = {name: values.decode(raw, name) for name, raw in fields.items()}
    _refuse_state(body)
    ask = ResponsesAsk(required(string, body, "model", ""), front=DIALECT, echo=body)
    instructions = optional(string, body, "instructions", "")
    if instructions:
        ask.turns.append(Turn("system", [Text(instructions)]))
    ask.turns += read_input(required(_any, body, "input", ""))
    for name, reader in _SIMPLE.items():
        if (value := body.get(name)) is not None:
            setattr(ask, name, reader(value, name))
    ask.max_tokens = optional(integer, body, "max_output_tokens", "")
    ask.logprobs = _LOGPROBS in (optional(values.array, body, "include", "") or []) or None
    ask.thinking = _thinking(optional(mapping, body, "reasoning", ""))
    ask.shape = _shape(optional(mapping, body, "text", ""))
    _read_tools(ask, body)
    return ask


def _any(value: object, at: str) -> object:
    return value


def _refuse_state(body: Object) -> None:
    for name, reason in _KEPT_ELSEWHERE.items():
        if body.get(name) is not None:
            raise UnsupportedParameter(f"{name}: this model's provider {reason}; {STATELESS}", param=name)
    if body.get("background"):
        raise UnsupportedParameter(
            "background: this model's provider answers only while the client waits; leave it out",
            param="background",
        )


def _read_tools(ask: ResponsesAsk, body: Object) -> None:
    read_tools(ask, ask.names, optional(values.array, body, "tools", "") or [])
    items = body["input"] if isinstance(body["input"], list) else []
    for at, item in enumerate(items):
        # Tools may also come in later, by themselves or as what a search for them found.
        if isinstance(item, dict) and item.get("type") in ("additional_tools", "tool_search_output"):
            place = f"input[{at}].tools"
            read_tools(ask, ask.names, optional(values.array, item, "tools", f"input[{at}]") or [], place)
    ask.tools = list({_key(tool): tool for tool in ask.tools}.values())
    if ask.tools:
        ask.tool_choice = read_choice(body.get("tool_choice"))
    else:
        ask.parallel_tool_calls = None


def _key(tool: Any) -> object:
    return tool.name if isinstance(tool, Tool) else id(tool)


def _thinking(reasoning: Object | None) -> Thinking | None:
    if not reasoning:
        return None
    summary = reasoning.get("summary") or reasoning.get("generate_summary")
    effort = optional(string, reasoning, "effort", "reasoning")
    if effort is None and summary is None:
        return None
    return Thinking(effort=effort, summary=None if summary is None else string(summary, "reasoning.summary"))


def _shape(text: Object | None) -> Shape | None:
    form = optional(mapping, text, "format", "text") if text else None
    if form is None:
        return None
    at = "text.format"
    kind = required(string, form, "type", at)
    if kind == "json_object":
        return Shape("json_object")
    if kind != "json_schema":
        return None
    return Shape(
        "json_schema",
        name=optional(string, form, "name", at),
        description=optional(string, form, "description", at),
        schema=optional(mapping, form, "schema", at),
        strict=optional(boolean, form, "strict", at),
    )
