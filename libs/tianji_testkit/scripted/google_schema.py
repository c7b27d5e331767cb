"""The part of OpenAPI's schemas that Google takes in `parameters` and `responseSchema`.

Written from https://ai.google.dev/api/caching#Schema.
"""

from __future__ import annotations

from typing import Any

from tianji_testkit.scripted.contract import Refused, names

_KEYWORDS = names(
    "type format title description nullable enum maxItems minItems properties required minProperties"
    " maxProperties minLength maxLength pattern example anyOf propertyOrdering default items minimum"
    " maximum"
)
_TYPES = names("STRING NUMBER INTEGER BOOLEAN ARRAY OBJECT NULL")


def check_schema(schema: Any, place: str) -> None:
    """Refuse what Google's schemas do not have."""
    if schema is None:
        return
    if not isinstance(schema, dict):
        raise _wrong(f"Invalid value at '{place}'")
    for name in schema:
        if name not in _KEYWORDS:
            raise _wrong(
                f"Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field."
            )
    kind = schema.get("type")
    if isinstance(kind, list):
        raise _wrong(
            f"Invalid JSON payload received. Unknown name \"type\" at '{place}': Proto field is not"
            " repeating, cannot start list."
        )
    if kind is not None and str(kind).upper() not in _TYPES:
        raise _wrong(f"Invalid value at '{place}.type' (TYPE_ENUM), \"{kind}\"")
    if any(not isinstance(one, str) for one in schema.get("enum") or []):
        raise _wrong(f"Invalid value at '{place}.enum' (TYPE_STRING)")
    for name, inner in (schema.get("properties") or {}).items():
        check_schema(inner, f"{place}.properties[{name}]")
    for name in schema.get("required") or []:
        if name not in (schema.get("properties") or {}):
            raise _wrong(f"{place}.required: property is not defined: {name}")
    if str(kind).upper() == "ARRAY" and "items" not in schema:
        raise _wrong(f"{place}.items: missing field.")
    check_schema(schema.get("items"), f"{place}.items")
    for at, inner in enumerate(schema.get("anyOf") or []):
        check_schema(inner, f"{place}.any_of[{at}]")


def _wrong(what: str) -> Refused:
    return Refused(what, type="INVALID_ARGUMENT")
