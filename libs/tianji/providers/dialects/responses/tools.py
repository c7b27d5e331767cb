"""Tools and the choice among them: to the words of the Responses API."""

from __future__ import annotations

from typing import Any

from tianji.providers.dialects.offered import unknown
from tianji.wire.neutral import Ask, NativeTool, Tool, ToolChoice
from tianji.wire.responses.parts import DIALECT
from tianji.wire.values import Object

_HOSTED = frozenset(
    (
        "web_search",
        "web_search_2025_08_26",
        "web_search_preview",
        "web_search_preview_2025_03_11",
        "file_search",
        "code_interpreter",
        "image_generation",
        "computer_use_preview",
        "computer",
        "mcp",
    )
)
"""Tools that chat clients name in this format's words, too."""


def write_tools(ask: Ask) -> list[Object]:
    """Write the tools of a request, a search of the web that it asks for otherwise included."""
    tools = [_tool(tool, at) for at, tool in enumerate(ask.tools)]
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
    custom = tool.extra.get("custom")
    if isinstance(custom, dict):
        return {"type": "custom", **out, **_form(custom.get("format"))}
    schema = tool.schema or {"type": "object", "properties": {}}
    # Here strictness is what holds where nothing is said; in other formats it is not.
    return {"type": "function", **out, "parameters": schema, "strict": bool(tool.strict)}


def _form(form: Any) -> Object:
    if not isinstance(form, dict):
        return {}
    grammar = form.get("grammar")
    return {"format": {"type": "grammar", **grammar} if isinstance(grammar, dict) else form}


def _native(tool: NativeTool, at: int) -> Object:
    kind = str(tool.value.get("type") or "")
    if tool.dialect == DIALECT or kind in _HOSTED:
        return tool.value
    if kind.startswith("web_search_"):
        return _web_search(tool.value)
    raise unknown(tool, at)


def _web_search(wanted: Object) -> Object:
    out: Object = {"type": "web_search"}
    if isinstance(wanted.get("search_context_size"), str):
        out["search_context_size"] = wanted["search_context_size"]
    place = wanted.get("user_location")
    if isinstance(place, dict):
        inner = place.get("approximate")
        out["user_location"] = {**(inner if isinstance(inner, dict) else place), "type": "approximate"}
    if isinstance(wanted.get("allowed_domains"), list):
        out["filters"] = {"allowed_domains": wanted["allowed_domains"]}
    return out


def write_choice(choice: ToolChoice, tools: list[Object]) -> str | Object:
    """Write `tool_choice`."""
    kinds = {tool.get("name"): tool["type"] for tool in tools if isinstance(tool.get("type"), str)}
    if choice.mode == "tool":
        return {"type": kinds.get(choice.name, "function"), "name": choice.name}
    if choice.allowed is not None:
        allowed = [{"type": kinds.get(name, "function"), "name": name} for name in choice.allowed]
        return {"type": "allowed_tools", "mode": choice.mode, "tools": allowed}
    return choice.mode
