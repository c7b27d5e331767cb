"""Google's schemas as JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest

from tianji.wire.generate_content.schema import json_schema


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": 3}, {"type": "integer"}),
        ({"type": "TYPE_UNSPECIFIED"}, {}),
        ({"type": "STRING", "format": "enum", "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        ({"type": "STRING", "format": "date-time"}, {"type": "string", "format": "date-time"}),
        (
            {"type": "STRING", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"any_of": [{"type": "NUMBER"}], "nullable": True},
            {"anyOf": [{"type": "number"}, {"type": "null"}]},
        ),
        (
            {"type": "ARRAY", "items": {"type": "NUMBER"}, "min_items": "2"},
            {"type": "array", "items": {"type": "number"}, "minItems": 2},
        ),
        ({"type": "INTEGER", "example": 5}, {"type": "integer", "examples": [5]}),
        (
            {"ref": "#/$defs/a", "defs": {"a": {"type": "BOOLEAN"}}},
            {"$ref": "#/$defs/a", "$defs": {"a": {"type": "boolean"}}},
        ),
        (
            {"type": "OBJECT", "properties": {"max_items": {"type": "STRING"}}},
            {"type": "object", "properties": {"max_items": {"type": "string"}}},
        ),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
    ],
)
def test_a_schema_says_the_same_in_json_schema(said: Any, meant: Any) -> None:
    assert json_schema(said) == meant
