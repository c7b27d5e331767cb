"""Tools and the choice among them: to Anthropic's words."""

from __future__ import annotations

import re
from typing import Any

from tianji.providers.dialects.offered import unknown
from tianji.wire.chat.parts import write_cache
from tianji.wire.messages.blocks import DIALECT
from tianji.wire.neutral import Ask, NativeTool, Tool, ToolChoice
from tianji.wire.values import Object

_DATED = re.compile(r"_20\d{6}$")
_SEARCHES = {"low": 1, "medium": 5, "high": 10}
_WEB_SEARCH = ("web_search", "web_search_preview", "web_search_preview_2025_03_11")


def write_tools(ask: Ask) -> list[Object]:
    """Write the tools of a request, those that clients ask for in OpenAI's words included.

    Where only some of them may be called, these alone: Anthropic cannot be told to choose among some.
    """
    allowed = ask.tool_choice.allowed if ask.tool_choice is not None else None
    tools = [
        _tool(tool, at)
        for at, tool in enumerate(ask.tools)
        if allowed is None or isinstance(tool, NativeTool) or tool.name in allowed
    ]
    wanted = ask.extra.get("web_search_options")
    if isinstance(wanted, dict):
        tools.append(_web_search(wanted))
    return tools


def _tool(tool: Tool | NativeTool, at: int) -> Object:
    if isinstance(tool, NativeTool):
        return _native(tool, at)
    out: Object = {"name": tool.name}
    if tool.description is not None:
        out["description"] = tool.description
    out["input_schema"] = _schema(tool.schema)
    if tool.strict:
        out["strict"] = True
    if tool.cache is not None:
        out["cache_control"] = write_cache(tool.cache)
    return out | {name: value for name, value in tool.extra.items() if name not in ("legacy", "custom")}


def _schema(schema: Object | None) -> Object:
    if not schema:
        return {"type": "object", "properties": {}}
    return schema if schema.get("type") == "object" else {**schema, "type": "object"}


def _native(tool: NativeTool, at: int) -> Object:
    """Take a tool of the provider's own, also where a chat client names it in Anthropic's words."""
    value, kind = tool.value, str(tool.value.get("type") or "")
    if tool.dialect == DIALECT or _DATED.search(kind) or ("name" in value and "input_schema" in value):
        return value
    if kind in _WEB_SEARCH:
        return _web_search(value)
    if kind == "mcp_toolset":
        return value
    raise unknown(tool, at)


def _web_search(wanted: Object) -> Object:
    size = wanted.get("search_context_size")
    out: Object = {"type": "web_search_20250305", "name": "web_search"}
    if isinstance(size, str) and size in _SEARCHES:
        out["max_uses"] = _SEARCHES[size]
    place: Any = wanted.get("user_location")
    if isinstance(place, dict):
        place = place.get("approximate", place)
        if isinstance(place, dict):
            out["user_location"] = {**place, "type": "approximate"}
    return out


def write_choice(choice: ToolChoice | None, parallel: bool | None) -> Object | None:
    """Write `tool_choice`; it also says whether several tools may be called at once."""
    if choice is None:
        return {"type": "auto", "disable_parallel_tool_use": True} if parallel is False else None
    out: Object = {"type": {"required": "any"}.get(choice.mode, choice.mode)}
    if choice.mode == "tool":
        out["name"] = choice.name
    if parallel is not None and choice.mode != "none":
        out["disable_parallel_tool_use"] = not parallel
    return out
