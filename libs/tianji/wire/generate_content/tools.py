"""`tools` and `toolConfig`: to tools and the choice among them."""

from __future__ import annotations

from typing import Any, Literal

from tianji.wire import values
from tianji.wire.generate_content.schema import json_schema
from tianji.wire.generate_content.spelling import DIALECT, fields
from tianji.wire.neutral import NativeTool, Tool, ToolChoice
from tianji.wire.values import Object, optional, required, string

_FUNCTIONS = "functionDeclarations"
_CHOICE = "functionCallingConfig"
_MODES: dict[object, Literal["auto", "required", "none"]] = {
    "AUTO": "auto",
    "VALIDATED": "auto",
    "ANY": "required",
    "NONE": "none",
}
_NUMBERED = ("", "AUTO", "ANY", "NONE", "VALIDATED")
"""The values of the enumeration `Mode`, which some clients send by number."""


def read_tools(said: object) -> list[Tool | NativeTool]:
    """Read `tools`: functions for the client to run, and what Google runs itself."""
    found: list[Tool | NativeTool] = []
    for number, item in enumerate(_listed(said)):
        at = f"tools[{number}]"
        tool = fields(item, at)
        functions = _listed(tool.pop(_FUNCTIONS, None))
        found += [_function(one, f"{at}.{_FUNCTIONS}[{n}]") for n, one in enumerate(functions)]
        found += [NativeTool(DIALECT, {name: value}) for name, value in tool.items() if value is not None]
    return found


def _listed(said: object) -> list[Any]:
    if said is None:
        return []
    return said if isinstance(said, list) else [said]


def _function(said: object, at: str) -> Tool:
    function = fields(said, at)
    schema = function.get("parametersJsonSchema")
    if schema is None:
        schema = json_schema(function.get("parameters"))
    return Tool(
        required(string, function, "name", at),
        optional(string, function, "description", at),
        {"type": "object", "properties": {}}
        if schema is None
        else values.mapping(schema, f"{at}.parameters"),
    )


def read_choice(said: object) -> tuple[ToolChoice | None, Object]:
    """Read `toolConfig`; return the choice, and what only Google knows of it."""
    if said is None:
        return None, {}
    config = fields(said, "toolConfig")
    choice = config.pop(_CHOICE, None)
    return (None if choice is None else _choice(choice)), config


def _choice(said: object) -> ToolChoice | None:
    place = f"toolConfig.{_CHOICE}"
    config = fields(said, place)
    allowed = optional(values.strings, config, "allowedFunctionNames", place) or None
    mode = _mode(config.get("mode"), f"{place}.mode")
    if mode == "required" and allowed is not None and len(allowed) == 1:
        return ToolChoice("tool", allowed[0])
    if mode is None:
        return None if allowed is None else ToolChoice("auto", allowed=allowed)
    return ToolChoice(mode, allowed=None if mode == "none" else allowed)


def _mode(said: object, at: str) -> Literal["auto", "required", "none"] | None:
    if isinstance(said, int) and 0 <= said < len(_NUMBERED):
        said = _NUMBERED[said]
    return None if said is None else _MODES.get(string(said, at).upper())
