"""The body of a chat completions request: to an `Ask`."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from tianji.wire import free_text, values
from tianji.wire.chat import parts
from tianji.wire.chat.turns import read_turns
from tianji.wire.front import Fields
from tianji.wire.neutral import Ask, NativeTool, Shape, Thinking, Tool, ToolChoice
from tianji.wire.values import Object, boolean, integer, mapping, number, optional, required, string

LIMITS = ("max_tokens", "max_completion_tokens")
"""What the most tokens of an answer are called: by every vendor, and by newer clients."""

_SIMPLE: dict[str, Any] = {
    "parallel_tool_calls": boolean,
    "temperature": number,
    "top_p": number,
    "top_k": integer,
    "seed": integer,
    "n": integer,
    "presence_penalty": number,
    "frequency_penalty": number,
    "logprobs": boolean,
    "top_logprobs": integer,
    "user": string,
    "metadata": mapping,
    "service_tier": string,
    "stream": boolean,
}


_READ_APART = {
    "model",
    "messages",
    *LIMITS,
    "stop",
    "logit_bias",
    "thinking",
    "reasoning_effort",
    "tools",
    "functions",
    "tool_choice",
    "function_call",
}


def read(fields: Fields) -> Ask:
    """Read a chat completions request."""
    body: Object = {name: values.decode(raw, name) for name, raw in fields.items()}
    ask = Ask(required(string, body, "model", ""), front="chat")
    ask.turns = read_turns(required(values.array, body, "messages", ""))
    _read_parameters(ask, body)
    return ask


def filled(ask: Ask, defaults: Object) -> Ask:
    """Return a request with chat parameters filled in where the client said nothing."""
    said = Ask(ask.model)
    _read_parameters(said, defaults)
    found = structs.replace(ask, extra={**said.extra, **ask.extra})
    for name in Ask.__struct_fields__:
        value = getattr(said, name)
        if getattr(ask, name) in (None, []) and value not in (None, []):
            setattr(found, name, value)
    return found


def _read_parameters(ask: Ask, body: Object) -> None:
    for name, reader in _SIMPLE.items():
        if (value := body.get(name)) is not None:
            setattr(ask, name, reader(value, name))
    for name in LIMITS:
        if body.get(name) is not None:
            ask.max_tokens = integer(body[name], name)
    ask.stop = _stop(body.get("stop"))
    ask.logit_bias = _bias(body.get("logit_bias"))
    ask.thinking = read_thinking(body)
    ask.tools = _tools(body)
    ask.tool_choice = _tool_choice(body)
    ask.shape = read_shape(body.get("response_format"))
    taken = _READ_APART | _SIMPLE.keys()
    if ask.shape is not None:
        taken.add("response_format")
    ask.extra = {name: value for name, value in body.items() if name not in taken and value is not None}


def wants_usage(ask: Ask) -> bool:
    """Say whether the client asked for a usage event at the end of its stream."""
    options = ask.extra.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _stop(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return values.strings(value, "stop")
    raise values.wrong("stop", "a string or an array of strings", value)


def _bias(value: object) -> dict[str, float] | None:
    if value is None:
        return None
    return {name: number(bias, f"logit_bias.{name}") for name, bias in mapping(value, "logit_bias").items()}


def read_thinking(body: Object) -> Thinking | None:
    """Read `reasoning_effort` (OpenAI) and `thinking` (Anthropic), either of which chat clients use."""
    effort, switch = body.get("reasoning_effort"), optional(mapping, body, "thinking", "")
    if effort is None and switch is None:
        return None
    thinking = Thinking()
    if isinstance(effort, dict):
        thinking.effort = optional(string, effort, "effort", "reasoning_effort")
        thinking.summary = optional(string, effort, "summary", "reasoning_effort")
    elif effort is not None:
        thinking.effort = string(effort, "reasoning_effort")
    if switch is not None:
        kind = optional(string, switch, "type", "thinking")
        thinking.enabled = None if kind is None else kind != "disabled"
        thinking.budget_tokens = optional(integer, switch, "budget_tokens", "thinking")
        thinking.extra = values.rest(
            switch, ("budget_tokens",) if kind == "adaptive" else ("budget_tokens", "type")
        )
    return thinking


def read_shape(value: object) -> Shape | None:
    """Read `response_format`; None for a kind that only its vendor knows."""
    if value is None:
        return None
    form = mapping(value, "response_format")
    kind = required(string, form, "type", "response_format")
    if kind == "json_schema":
        place = "response_format.json_schema"
        described = required(mapping, form, "json_schema", "response_format")
        return Shape(
            "json_schema",
            name=optional(string, described, "name", place),
            description=optional(string, described, "description", place),
            schema=optional(mapping, described, "schema", place),
            strict=optional(boolean, described, "strict", place),
        )
    if kind == "json_object":
        # Some clients put the schema beside the plain kind.
        schema = optional(mapping, form, "response_schema", "response_format")
        return Shape("json_object" if schema is None else "json_schema", schema=schema)
    return Shape("text") if kind == "text" else None


def _tools(body: Object) -> list[Tool | NativeTool]:
    tools: list[Tool | NativeTool] = []
    for index, item in enumerate(optional(values.array, body, "tools", "") or []):
        place = f"tools[{index}]"
        tools.append(_tool(mapping(item, place), place))
    for index, item in enumerate(optional(values.array, body, "functions", "") or []):
        place = f"functions[{index}]"
        tool = _function(mapping(item, place), place)
        tool.extra["legacy"] = True
        tools.append(tool)
    return tools


def _tool(tool: Object, at: str) -> Tool | NativeTool:
    kind = tool.get("type")
    if kind == "function" or (kind is None and "function" in tool):
        read = _function(required(mapping, tool, "function", at), f"{at}.function")
        read.cache = parts.read_cache(tool, at) or read.cache
        read.extra |= values.rest(tool, ("type", "function", "cache_control"))
        return read
    if kind == "custom" and isinstance(tool.get("custom"), dict):
        custom, place = tool["custom"], f"{at}.custom"
        return Tool(
            required(string, custom, "name", place),
            optional(string, custom, "description", place),
            free_text.schema(optional(mapping, custom, "format", place)),
            extra={"custom": custom},
        )
    return NativeTool(parts.DIALECT, tool)


def _function(function: Object, at: str) -> Tool:
    return Tool(
        required(string, function, "name", at),
        optional(string, function, "description", at),
        optional(mapping, function, "parameters", at),
        optional(boolean, function, "strict", at),
        parts.read_cache(function, at),
    )


def _tool_choice(body: Object) -> ToolChoice | None:
    for field in ("tool_choice", "function_call"):
        choice = body.get(field)
        if isinstance(choice, str):
            mode = values.one_of(choice, ("auto", "none", "required", "any"), field)
            return ToolChoice("required" if mode == "any" else mode)  # type: ignore[arg-type]
        if choice is not None:
            return _chosen(mapping(choice, field), field)
    return None


def _chosen(choice: Object, at: str) -> ToolChoice:
    kind = choice.get("type", "function")
    if kind in ("auto", "none", "any", "required"):
        return ToolChoice("required" if kind == "any" else kind)
    if kind == "allowed_tools":
        allowed = required(mapping, choice, "allowed_tools", at)
        place = f"{at}.allowed_tools"
        mode = values.one_of(allowed.get("mode", "auto"), ("auto", "required"), f"{place}.mode")
        names = [
            _name(mapping(tool, f"{place}.tools[{n}]"), f"{place}.tools[{n}]")
            for n, tool in enumerate(required(values.array, allowed, "tools", place))
        ]
        return ToolChoice(mode, allowed=names)  # type: ignore[arg-type]
    return ToolChoice("tool", _name(choice, at))


def _name(choice: Object, at: str) -> str:
    for kind in ("function", "custom"):
        if kind in choice:
            return required(string, mapping(choice[kind], f"{at}.{kind}"), "name", f"{at}.{kind}")
    return required(string, choice, "name", at)
