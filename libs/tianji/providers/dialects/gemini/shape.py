"""Answers of a given form: by a schema, or in words where the model takes none beside tools."""

from __future__ import annotations

import msgspec

from tianji.providers.dialects.gemini.model import Model
from tianji.providers.dialects.gemini.schema import json_schema
from tianji.wire.neutral import Ask, Tool
from tianji.wire.values import Object

_JSON = "application/json"


def write_shape(ask: Ask, model: Model) -> Object:
    """Return what of `generationConfig` asks for the answer's form."""
    shape = ask.shape
    if shape is None or shape.kind == "text" or _in_words(ask, model):
        return {}
    if shape.kind == "json_object" or shape.schema is None:
        return {"responseMimeType": _JSON}
    return {"responseMimeType": _JSON, "responseJsonSchema": json_schema(shape.schema)}


def instructions(ask: Ask, model: Model) -> str | None:
    """Return what the model is told of the answer's form; None where a schema says it."""
    shape = ask.shape
    if shape is None or shape.kind == "text" or not _in_words(ask, model):
        return None
    told = "When you give your final answer, give one JSON object and nothing else."
    if shape.schema is None:
        return told
    return f"{told} It must follow this JSON Schema:\n{msgspec.json.encode(shape.schema).decode()}"


def _in_words(ask: Ask, model: Model) -> bool:
    return not model.shapes_with_tools and any(isinstance(tool, Tool) for tool in ask.tools)
