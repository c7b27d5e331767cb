"""Google's `Schema`, a subset of OpenAPI with types in capitals: to JSON Schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tianji.wire.generate_content.spelling import camel
from tianji.wire.values import Object

_NUMBERED = ("", "string", "number", "integer", "boolean", "array", "object", "null")
"""The values of the enumeration `Type`, which some clients send by number."""
_WORDED = {"ref": "$ref", "defs": "$defs"}
_COUNTS = frozenset(("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"))
"""64-bit integers, which protocol buffers write as strings."""
_OTHERWISE = frozenset(("nullable", "propertyOrdering", "example", "type", "format"))


def json_schema(schema: Any) -> Any:
    """Return a schema as JSON Schema; what is that already stays as it is."""
    if not isinstance(schema, dict):
        return schema
    said = {_WORDED.get(name, camel(name)): value for name, value in schema.items()}
    out: Object = {}
    kind = _type(said.get("type"))
    if kind is not None:
        out["type"] = kind
    for name, value in said.items():
        if name not in _OTHERWISE and value is not None:
            out[name] = _INNER[name](value) if name in _INNER else _value(name, value)
    if "format" in said and said["format"] != "enum":
        out["format"] = said["format"]
    if "example" in said:
        out["examples"] = [said["example"]]
    return _nullable(out) if said.get("nullable") is True else out


def _type(said: Any) -> Any:
    if isinstance(said, list):
        return [_type(one) for one in said]
    if isinstance(said, int) and not isinstance(said, bool):
        return _NUMBERED[said] or None if 0 <= said < len(_NUMBERED) else None
    if not isinstance(said, str) or said.upper() == "TYPE_UNSPECIFIED":
        return None
    return said.lower()


def _value(name: str, value: Any) -> Any:
    return int(value) if name in _COUNTS and isinstance(value, str) and value.isdecimal() else value


def _nullable(schema: Object) -> Object:
    if isinstance(schema.get("type"), str) and schema["type"] != "null":
        schema["type"] = [schema["type"], "null"]
    elif isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _each(value: Any) -> Any:
    return [json_schema(one) for one in value] if isinstance(value, list) else value


def _named(value: Any) -> Any:
    return {name: json_schema(one) for name, one in value.items()} if isinstance(value, dict) else value


_INNER: dict[str, Callable[[Any], Any]] = {
    "items": json_schema,
    "additionalProperties": json_schema,
    "anyOf": _each,
    "prefixItems": _each,
    "properties": _named,
    "$defs": _named,
}
