"""Tools and the choice among them: to Converse's words."""

from __future__ import annotations

import re
from typing import Any

from tianji.errors import BadRequest
from tianji.providers.dialects.anthropic.shape import closed
from tianji.providers.dialects.converse.blocks import DIALECT, Blocks
from tianji.providers.dialects.converse.model import NOVA, Model
from tianji.providers.dialects.converse.names import called
from tianji.providers.dialects.legal_ids import legal
from tianji.providers.dialects.offered import kind_of
from tianji.wire.neutral import Ask, NativeTool, Tool, ToolCall, ToolResult
from tianji.wire.values import Object

_OF_CLAUDE = re.compile(r"^(?:computer|bash|text_editor|memory|tool_search_tool)_")
"""Tools of Anthropic's that clients run, or the model itself: Bedrock passes them on to Claude."""
_SEARCHES = re.compile(r"^web_search")
_WORDS = ("toolSpec", "systemTool", "cachePoint")
_GROUNDING = "nova_grounding"
_GONE = "Was offered earlier in this conversation and is not any more: do not call it."


def write_tools(ask: Ask, model: Model, blocks: Blocks) -> tuple[Object, list[Object]]:
    """Return `toolConfig` (empty without tools), and the tools that go to Claude in its own words."""
    tools: list[Object] = []
    native: list[Object] = []
    allowed = ask.tool_choice.allowed if ask.tool_choice is not None else None
    for at, tool in enumerate(ask.tools):
        if isinstance(tool, Tool):
            if allowed is not None and tool.name not in allowed:
                continue  # Bedrock cannot be told to choose among some
            tools.append(_tool(tool, model))
            if tool.cache is not None and model.caches and model.family != NOVA:
                tools.append(blocks.cache_point(tool.cache))
        elif _for_claude(tool, model):
            native.append(tool.value)
        else:
            tools.append(_native(tool, model, at))
    if isinstance(ask.extra.get("web_search_options"), dict) and model.family == NOVA:
        tools.append(_grounding())
    talked = _talked(ask)
    if ask.tool_choice is not None and ask.tool_choice.mode == "none" and not talked:
        return {}, []
    if not tools and talked:
        tools = [_gone(name) for name in called(ask)] or [_gone("unknown")]
    return ({"tools": tools} if tools else {}), native


def write_choice(config: Object, ask: Ask, model: Model, *, free: bool) -> tuple[Object, list[str]]:
    """Write the choice into `toolConfig`; return what goes to Claude in its own words, and what changed.

    `free`: the model may not be forced now, since it thinks.
    """
    choice = ask.tool_choice
    changed: list[str] = []
    if choice is not None and choice.mode == "none":
        changed.append("dropped tool_choice none: Bedrock wants the tools of a conversation that called some")
    elif choice is not None:
        forced = choice.mode in ("required", "tool")
        if forced and (free or not model.chooses):
            changed.append("changed tool_choice to auto: this model cannot be forced to call a tool")
            forced = False
        if not forced:
            config["toolChoice"] = {"auto": {}}
        elif choice.mode == "tool":
            config["toolChoice"] = {"tool": {"name": legal(choice.name or "")}}
        else:
            config["toolChoice"] = {"any": {}}
    if ask.parallel_tool_calls is not False:
        return {}, changed
    if not model.limits_calls:
        return {}, [*changed, "dropped parallel_tool_calls"]
    kind, value = next(iter(config.pop("toolChoice", {"auto": {}}).items()))
    return {"tool_choice": {"type": kind, **value, "disable_parallel_tool_use": True}}, changed


def spec(name: str, schema: Any, description: str | None = None) -> Object:
    """Write one tool."""
    whole = schema if isinstance(schema, dict) and schema else {"type": "object", "properties": {}}
    out: Object = {"name": legal(name), "inputSchema": {"json": {**whole, "type": "object"}}}
    if description and description.strip():
        out["description"] = description
    return {"toolSpec": out}


def _tool(tool: Tool, model: Model) -> Object:
    strict = tool.strict is True and model.structured
    out = spec(tool.name, closed(tool.schema) if strict else tool.schema, tool.description)
    if strict:
        out["toolSpec"]["strict"] = True
    return out


def _for_claude(tool: NativeTool, model: Model) -> bool:
    return model.perhaps_claude and bool(_OF_CLAUDE.match(str(tool.value.get("type") or "")))


def _native(tool: NativeTool, model: Model, at: int) -> Object:
    value, kind = tool.value, str(tool.value.get("type") or "")
    if tool.dialect == DIALECT or any(word in value for word in _WORDS):
        return {name: inner for name, inner in value.items() if name != "type"}
    if "name" in value and "input_schema" in value:
        return spec(str(value["name"]), value["input_schema"], value.get("description"))
    if model.family == NOVA and (_SEARCHES.match(kind) or kind == _GROUNDING):
        return _grounding()
    if model.family == NOVA and kind == "code_interpreter":
        return {"systemTool": {"name": "nova_code_interpreter"}}
    raise BadRequest(
        f"tools[{at}]: '{kind_of(tool)}' is a tool that this model on Bedrock does not have",
        param=f"tools[{at}]",
    )


def _grounding() -> Object:
    return {"systemTool": {"name": _GROUNDING}}


def _talked(ask: Ask) -> bool:
    """Say whether calls stand in the conversation: Bedrock wants tools beside them."""
    return any(isinstance(block, (ToolCall, ToolResult)) for turn in ask.turns for block in turn.blocks)


def _gone(name: str) -> Object:
    return spec(name, None, _GONE)
