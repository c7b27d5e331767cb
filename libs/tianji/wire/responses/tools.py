"""Tools of a request and the choice among them: to ours."""

from __future__ import annotations

from typing import Any

from tianji.wire import free_text, values
from tianji.wire.neutral import Ask, NativeTool, Tool, ToolChoice
from tianji.wire.responses.forms import FORMS
from tianji.wire.responses.names import Meant, Names, function_name
from tianji.wire.responses.parts import DIALECT
from tianji.wire.values import Object, mapping, optional, required, string

_SEARCHES = ("web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11")
_MODES = ("auto", "none", "required")


def read_tools(ask: Ask, names: Names, tools: list[Any], at: str = "tools") -> None:
    """Read tools into a request; a hosted web search becomes the wish that chat clients have for it."""
    for number, item in enumerate(tools):
        place = f"{at}[{number}]"
        _read_tool(ask, names, mapping(item, place), place)


def _read_tool(ask: Ask, names: Names, tool: Object, at: str, namespace: str | None = None) -> None:
    kind = required(string, tool, "type", at)
    if kind == "function":
        ask.tools.append(_function(names, tool, at, namespace))
    elif kind == "custom":
        ask.tools.append(_custom(names, tool, at, namespace))
    elif kind == "namespace":
        name = required(string, tool, "name", at)
        for number, inner in enumerate(required(values.array, tool, "tools", at)):
            place = f"{at}.tools[{number}]"
            _read_tool(ask, names, mapping(inner, place), place, name)
    elif kind in _SEARCHES:
        if tool.get("external_web_access") is not False:
            ask.extra["web_search_options"] = _search_options(tool)
    elif kind in FORMS and _run_by_client(kind, tool):
        ask.tools.append(_formed(names, kind, tool, at))
    elif kind != "tool_search":  # all tools are shown at once: there is nothing to search for
        ask.tools.append(NativeTool(DIALECT, tool))


def _function(names: Names, tool: Object, at: str, namespace: str | None) -> Tool:
    if isinstance(tool.get("function"), dict):  # as chat requests have it
        tool = tool["function"]
    return Tool(
        names.add(Meant("function", required(string, tool, "name", at), namespace)),
        optional(string, tool, "description", at),
        optional(mapping, tool, "parameters", at),
        optional(values.boolean, tool, "strict", at),
    )


def _custom(names: Names, tool: Object, at: str, namespace: str | None) -> Tool:
    """Read a tool whose input is free text as a function with one argument."""
    described = optional(string, tool, "description", at) or ""
    schema = free_text.schema(optional(mapping, tool, "format", at))
    name = names.add(Meant("custom", required(string, tool, "name", at), namespace))
    return Tool(name, described or None, schema)


def _formed(names: Names, kind: str, tool: Object, at: str) -> Tool:
    form = FORMS[kind]
    described = optional(string, tool, "description", at) or form.description
    schema = optional(mapping, tool, "parameters", at) or form.schema
    return Tool(names.add(Meant(kind, kind)), described, schema)


def _run_by_client(kind: str, tool: Object) -> bool:
    if kind == "tool_search":
        return tool.get("execution") == "client"
    where = tool.get("environment")
    return not isinstance(where, dict) or where.get("type") == "local"


def _search_options(tool: Object) -> Object:
    options: Object = {}
    if isinstance(tool.get("search_context_size"), str):
        options["search_context_size"] = tool["search_context_size"]
    place = tool.get("user_location")
    if isinstance(place, dict):
        near = {name: value for name, value in place.items() if name != "type" and value is not None}
        options["user_location"] = {"type": "approximate", "approximate": near}
    return options


def read_choice(choice: object, at: str = "tool_choice") -> ToolChoice | None:
    """Read `tool_choice`; None for one that only names a tool which the provider runs itself."""
    if choice is None:
        return None
    if isinstance(choice, str):
        return ToolChoice(values.one_of(choice, _MODES, at))  # type: ignore[arg-type]
    holder = mapping(choice, at)
    kind = required(string, holder, "type", at)
    if kind in ("function", "custom"):
        inner = holder.get("function")
        named = inner if isinstance(inner, dict) else holder
        return ToolChoice("tool", function_name(required(string, named, "name", at), holder.get("namespace")))
    if kind == "allowed_tools":
        mode = values.one_of(holder.get("mode", "auto"), ("auto", "required"), f"{at}.mode")
        tools = [mapping(tool, f"{at}.tools") for tool in required(values.array, holder, "tools", at)]
        allowed = [str(tool.get("name") or tool.get("type")) for tool in tools]
        return ToolChoice(mode, allowed=allowed)  # type: ignore[arg-type]
    return ToolChoice("tool", kind) if kind in FORMS else None
