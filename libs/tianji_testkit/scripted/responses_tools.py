"""Tools and calls of the Responses API: functions, and tools whose input is free text.

Written from https://platform.openai.com/docs/guides/function-calling#custom-tools and
https://platform.openai.com/docs/api-reference/responses/create.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tianji_testkit.scripted.contract import pieces_of
from tianji_testkit.scripted.openai_chat import OpenAIChat
from tianji_testkit.scripted.openai_turns import invalid, object_of
from tianji_testkit.scripted.script import Call

_FREE = "custom"
_FIELDS: Mapping[str, set[str]] = {
    "function": {"name", "description", "parameters", "strict", "defer_loading"},
    "custom": {"name", "description", "format", "defer_loading"},
    "namespace": {"name", "description", "tools"},
    "web_search": {
        "filters",
        "search_context_size",
        "user_location",
        "external_web_access",
        "search_content_types",
    },
    "web_search_preview": {"search_context_size", "user_location"},
    "tool_search": {"description", "execution", "parameters"},
    "image_generation": {"output_format", "quality", "size", "background", "model"},
    "local_shell": set(),
    "apply_patch": set(),
    "shell": {"environment"},
}


def read_tool(
    api: OpenAIChat, tool: Mapping[str, Any], place: str, found: dict[str, Mapping[str, Any]]
) -> None:
    """Check a tool; add those that the model may call by their names."""
    kind = str(tool.get("type"))
    if kind not in _FIELDS:
        raise invalid(f"Invalid value: '{kind}'.", param=f"{place}.type")
    for name in tool:
        if name not in _FIELDS[kind] | {"type"}:
            raise api.unknown_field(f"{place}.{name}", tool[name])
    if kind == "function":
        found[tool["name"]] = tool.get("parameters") or {}
    elif kind == "custom":
        found[tool["name"]] = {"type": _FREE}
    for number, inner in enumerate(tool.get("tools") or []):
        where = f"{place}.tools[{number}]"
        if inner.get("type") not in ("function", "custom"):
            raise invalid(f"Invalid value: '{inner.get('type')}'.", param=f"{where}.type")
        read_tool(api, inner, where, {})


def check_call(api: OpenAIChat, item: Mapping[str, Any], place: str) -> None:
    """Check a call in the input."""
    api.check_call_id(item.get("call_id"), f"{place}.call_id")
    free = item["type"] == "custom_tool_call"
    holder, begin = ("input", "ctc") if free else ("arguments", "fc")
    if not isinstance(item.get(holder), str):
        raise invalid(f"Missing required parameter: '{place}.{holder}'.")
    if "id" in item and not str(item["id"]).startswith(begin):
        raise invalid(f"Invalid '{place}.id': Expected an ID that begins with '{begin}'.")


def arguments_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a call in the input was given."""
    return {"input": item["input"]} if "input" in item else object_of(item["arguments"])


def write_call(call: Call, tools: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Write a call of the answer, in the form that the tool was offered in."""
    free = any(tool["type"] == _FREE and tool["name"] == call.name for tool in tools)
    item: dict[str, Any] = {
        "id": f"{'ctc' if free else 'fc'}_0{call.number}",
        "type": "custom_tool_call" if free else "function_call",
        "status": "completed",
        "call_id": f"call_R{call.number}kTq8Zr0nB5sXvLmYcD",
        "name": call.name,
    }
    if free:
        return item | {"input": call.arguments["input"]}
    return item | {"arguments": msgspec.json.encode(call.arguments).decode()}


def growing(
    item: dict[str, Any], where: Mapping[str, Any]
) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """Return a call as it begins, and the events in which its input grows."""
    holder = "input" if "input" in item else "arguments"
    name = f"response.{'custom_tool_call_input' if holder == 'input' else 'function_call_arguments'}"
    events = [(f"{name}.delta", {**where, "delta": piece}) for piece in pieces_of(item[holder])]
    events.append((f"{name}.done", {**where, holder: item[holder]}))
    return {holder: ""}, events
