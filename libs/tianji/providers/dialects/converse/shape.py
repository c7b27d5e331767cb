"""Answers of a given form: natively where the model can, else by a tool it has to call, else in words."""

from __future__ import annotations

import msgspec

from tianji.providers.dialects.anthropic.shape import TOOL, closed
from tianji.providers.dialects.converse.model import Model
from tianji.providers.dialects.converse.tools import spec
from tianji.providers.dialects.instructed import instruct
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

_CALL = "Give your answer by calling this tool."


def emulated(ask: Ask, model: Model) -> bool:
    """Say whether the answer's form is forced by a tool."""
    shape = ask.shape
    return shape is not None and shape.kind == "json_schema" and not model.structured and model.chooses


def prepared(ask: Ask, model: Model) -> Ask:
    """Return a request that asks in words for a form that the model cannot promise."""
    shape = ask.shape
    if shape is None or emulated(ask, model) or (shape.kind == "json_schema" and model.structured):
        return ask
    return instruct(ask, shape)


def write_shape(body: Object, config: Object, ask: Ask, model: Model, *, free: bool) -> None:
    """Ask for a schema; `free`: the model may not be forced now, since it thinks."""
    shape = ask.shape
    if shape is None or shape.kind != "json_schema":
        return
    if model.structured:
        schema: Object = {"schema": msgspec.json.encode(closed(shape.schema or {"type": "object"})).decode()}
        for name in ("name", "description"):
            if getattr(shape, name):
                schema[name] = getattr(shape, name)
        form = {"type": "json_schema", "structure": {"jsonSchema": schema}}
        body["outputConfig"] = {**body.get("outputConfig", {}), "textFormat": form}
        return
    tools = config.setdefault("tools", [])
    forced: Object = {"any": {}} if tools else {"tool": {"name": TOOL}}
    tools.append(spec(TOOL, shape.schema, shape.description or _CALL))
    config["toolChoice"] = {"auto": {}} if free else forced
