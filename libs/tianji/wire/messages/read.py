"""The body of a Messages request: to an `Ask`."""

from __future__ import annotations

from typing import Any

from tianji.wire import values
from tianji.wire.chat.parts import read_cache
from tianji.wire.front import Fields
from tianji.wire.messages.blocks import DIALECT, read_content
from tianji.wire.neutral import Ask, Block, NativeTool, Role, Shape, Text, Thinking, Tool, ToolChoice, Turn
from tianji.wire.values import Object, boolean, integer, mapping, number, optional, required, string

_SIMPLE: dict[str, Any] = {
    "max_tokens": integer,
    "temperature": number,
    "top_p": number,
    "top_k": integer,
    "service_tier": string,
    "stream": boolean,
}
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_BILLING = "x-anthropic-billing-header:"
_NAMED = {"model", "messages", "system", "stop_sequences", "tools", "tool_choice", "thinking", "metadata"}


def read(fields: Fields) -> Ask:
    """Read a Messages request."""
    body: Object = {name: values.decode(raw, name) for name, raw in fields.items()}
    ask = Ask(required(string, body, "model", ""), front=DIALECT)
    if body.get("system") is not None:
        said = read_content(body["system"], "system")
        ask.turns.append(Turn("system", [block for block in said if not _is_billing(block)]))
    ask.turns += _turns(required(values.array, body, "messages", ""))
    required(integer, body, "max_tokens", "")
    for name, reader in _SIMPLE.items():
        if (value := body.get(name)) is not None:
            setattr(ask, name, reader(value, name))
    ask.stop = optional(values.strings, body, "stop_sequences", "") or []
    ask.tools = [
        _tool(mapping(tool, f"tools[{n}]"), f"tools[{n}]")
        for n, tool in enumerate(optional(values.array, body, "tools", "") or [])
    ]
    _read_choice(ask, optional(mapping, body, "tool_choice", ""))
    _read_thinking(ask, optional(mapping, body, "thinking", ""))
    metadata = optional(mapping, body, "metadata", "") or {}
    ask.user = optional(string, metadata, "user_id", "metadata")
    ask.extra = values.rest(body, _NAMED | _SIMPLE.keys())
    _read_output(ask, optional(mapping, ask.extra, "output_config", ""))
    return ask


def _is_billing(block: Block) -> bool:
    """Say whether a block is Claude Code's note to Anthropic: it differs each time, and defeats caches."""
    return isinstance(block, Text) and block.text.startswith(_BILLING)


def _turns(messages: list[Any]) -> list[Turn]:
    if not messages:
        raise values.BadRequest("messages: must hold at least one message", param="messages")
    turns = []
    for index, item in enumerate(messages):
        at = f"messages[{index}]"
        message = mapping(item, at)
        role = values.one_of(required(string, message, "role", at), _ROLES, f"{at}.role")
        if "content" not in message:
            required(values.array, message, "content", at)
        turns.append(Turn(_ROLES[role], read_content(message["content"], f"{at}.content")))
    return turns


def _tool(tool: Object, at: str) -> Tool | NativeTool:
    if tool.get("type", "custom") != "custom":
        return NativeTool(DIALECT, tool)
    return Tool(
        required(string, tool, "name", at),
        optional(string, tool, "description", at),
        optional(mapping, tool, "input_schema", at),
        optional(boolean, tool, "strict", at),
        read_cache(tool, at),
    )


def _read_choice(ask: Ask, choice: Object | None) -> None:
    if choice is None:
        return
    kind = values.one_of(
        required(string, choice, "type", "tool_choice"), ("auto", "any", "tool", "none"), "tool_choice.type"
    )
    if kind == "tool":
        ask.tool_choice = ToolChoice("tool", required(string, choice, "name", "tool_choice"))
    else:
        ask.tool_choice = ToolChoice("required" if kind == "any" else kind)  # type: ignore[arg-type]
    single = optional(boolean, choice, "disable_parallel_tool_use", "tool_choice")
    if single is not None:
        ask.parallel_tool_calls = not single


def _read_thinking(ask: Ask, thinking: Object | None) -> None:
    if thinking is None:
        return
    kind = required(string, thinking, "type", "thinking")
    known = ("budget_tokens",) if kind == "adaptive" else ("type", "budget_tokens")
    ask.thinking = Thinking(
        enabled=kind != "disabled",
        budget_tokens=optional(integer, thinking, "budget_tokens", "thinking"),
        extra=values.rest(thinking, known),
    )


def _read_output(ask: Ask, output: Object | None) -> None:
    if output is None:
        return
    effort = optional(string, output, "effort", "output_config")
    if effort is not None:
        ask.thinking = ask.thinking or Thinking()
        ask.thinking.effort = effort
    form = optional(mapping, output, "format", "output_config")
    if form is not None and form.get("type") == "json_schema":
        ask.shape = Shape("json_schema", schema=optional(mapping, form, "schema", "output_config.format"))
    rest = values.rest(output, ("effort", "format"))
    if rest:
        ask.extra["output_config"] = rest
    else:
        del ask.extra["output_config"]
