"""An `Ask`: to the body of Cohere's v1 chat."""

from __future__ import annotations

from typing import Any

from tianji.providers._params import Params
from tianji.providers.dialects.cohere.request import within_range, write_tools
from tianji.providers.dialects.cohere.v1.turns import write_turns
from tianji.providers.dialects.instructed import instruct
from tianji.providers.dialects.tuning import vendor_fields, without_thinking, write_tuning
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

_NAMES = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "stop": "stop_sequences",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "n": "num_generations",
}
_TYPES = {
    "string": "str",
    "number": "float",
    "integer": "int",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
}
"""JSON Schema's types in Python's words, which this version of the API wants."""


def write(ask: Ask, model: str, params: Params, provider: str) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped on the way."""
    tools = [_tool(tool["function"]) for tool in write_tools(ask)]
    body: Object = {"model": model}
    shape = ask.shape
    if shape is not None and shape.kind != "text":
        if tools:
            ask = instruct(ask, shape)
        else:
            described = {} if shape.schema is None else {"schema": shape.schema}
            body["response_format"] = {"type": "json_object", **described}
    body |= write_turns(ask)
    choice = ask.tool_choice
    if tools and not (choice is not None and choice.mode == "none"):
        body["tools"] = tools
        if choice is not None and choice.mode in ("required", "tool"):
            body["tool_choice"] = "REQUIRED"
    changed = write_tuning(body, ask, params, provider, _NAMES) + within_range(body)
    changed += without_thinking(ask)
    body |= vendor_fields(ask, params)
    if ask.stream:
        body["stream"] = True
    return body, changed


def _tool(function: Object) -> Object:
    schema = function["parameters"]
    properties, required = schema.get("properties"), schema.get("required")
    needed = set(required) if isinstance(required, list) else set()
    definitions = {
        name: _definition(value, required=name in needed)
        for name, value in (properties.items() if isinstance(properties, dict) else ())
    }
    # The description is not optional in this version.
    described = function.get("description") or function["name"]
    return {"name": function["name"], "description": described, "parameter_definitions": definitions}


def _definition(value: Any, *, required: bool) -> Object:
    said = value if isinstance(value, dict) else {}
    kind = said.get("type")
    out: Object = {"type": _TYPES.get(kind, "str") if isinstance(kind, str) else "str", "required": required}
    if isinstance(said.get("description"), str):
        out["description"] = said["description"]
    if isinstance(said.get("enum"), list):
        allowed = ", ".join(str(item) for item in said["enum"])
        out["description"] = f"{out.get('description', '')} One of: {allowed}".strip()
    return out
