"""Answers of a given form: natively where the model can, else by a tool that it has to call."""

from __future__ import annotations

from typing import Any

from tianji.providers.dialects.anthropic.model import Model
from tianji.providers.dialects.instructed import ONLY_JSON
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

TOOL = "json_tool_call"
"""The tool whose arguments are the answer; clients never see it."""


def emulated(ask: Ask, model: Model) -> bool:
    """Say whether the answer's form is forced by a tool."""
    return ask.shape is not None and ask.shape.kind == "json_schema" and not model.structured_output


def write_shape(body: Object, ask: Ask, model: Model, *, thinks: bool) -> None:
    """Ask for the answer's form."""
    shape = ask.shape
    if shape is None or shape.kind == "text":
        return
    if shape.kind == "json_object":
        body.setdefault("system", []).append({"type": "text", "text": ONLY_JSON})
    elif model.structured_output:
        schema = closed(shape.schema or {"type": "object"})
        body.setdefault("output_config", {})["format"] = {"type": "json_schema", "schema": schema}
    else:
        _emulate(body, ask, thinks=thinks)


def _emulate(body: Object, ask: Ask, *, thinks: bool) -> None:
    shape = ask.shape
    schema = (shape.schema if shape else None) or {
        "type": "object",
        "additionalProperties": True,
        "properties": {},
    }
    named = (shape.description if shape else None) or "Give your answer by calling this tool."
    tools = body.setdefault("tools", [])
    forced: Object = {"type": "any"} if tools else {"type": "tool", "name": TOOL}
    tools.append({"name": TOOL, "description": named, "input_schema": {"type": "object", **schema}})
    # A thinking model may not be forced to call a tool; the description has to do.
    body["tool_choice"] = {"type": "auto"} if thinks else forced


def closed(schema: Any) -> Any:
    """Return a schema whose objects take no other properties, as structured output demands."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: closed(value) for name, value in schema.items()}
    if out.get("type") == "object" and "properties" in out:
        out["additionalProperties"] = False
    return out
