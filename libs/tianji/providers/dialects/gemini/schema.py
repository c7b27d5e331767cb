"""JSON Schema as Gemini takes it, in `parametersJsonSchema` and `responseJsonSchema`.

Both are plain JSON to the API, so that a keyword it does not know is not an unknown field. Schemas in
the words of Google's older `Schema`, which its clients know best, become JSON Schema too.
"""

from __future__ import annotations

from typing import Any

from tianji.wire.generate_content import schema as google
from tianji.wire.values import Object

_DROPPED = ("$schema", "$comment", "$id", "discriminator", "propertyNames")


def json_schema(schema: Any) -> Any:
    """Return a schema without what Gemini refuses."""
    return _clean(google.json_schema(schema))


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(part) for part in value]
    if not isinstance(value, dict):
        return value
    out: Object = {}
    for name, inner in value.items():
        if name in ("properties", "$defs", "definitions") and isinstance(inner, dict):
            out[name] = {key: _clean(part) for key, part in inner.items()}
        elif name in ("enum", "default", "examples"):
            out[name] = inner
        elif name == "const":
            out.setdefault("enum", [inner])
        elif name not in _DROPPED:
            out[name] = _clean(inner)
    return out


def parameters(schema: Any) -> Object:
    """Return the schema of a function's arguments: always one of an object."""
    found: Object = json_schema(schema) if schema else {}
    if found.get("type") != "object" and "$ref" not in found:
        found = {**found, "type": "object"}
    return found if "properties" in found or "$ref" in found else {**found, "properties": {}}
