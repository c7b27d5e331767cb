"""Settings as pages show them: each field of a section with its kind, value and origin."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tianji.config.fields import Field
from tianji_control.resources.settings import fields
from tianji_control.resources.settings.service import Origins

_TYPES = {
    "boolean": "Boolean",
    "integer": "Integer",
    "number": "Float",
    "list": "List",
    "list[string]": "List",
    "mapping": "Dictionary",
    "any": "Any",
}


class FieldShown(Struct, frozen=True, kw_only=True):
    """One setting of a section."""

    field_name: str
    field_type: str
    field_description: str
    field_value: Any
    stored_in_db: bool | None
    """Whether a call or else the config file set it; None where nobody did."""
    field_default_value: Any
    premium_field: bool = False
    nested_fields: None = None
    field_options: list[str] | None
    field_tab: None = None
    source: str
    editable: bool


def field_list(origins: Origins, section: str) -> list[FieldShown]:
    """List the settings of a section that calls may read."""
    return [
        _shown(origins, section, name, field)
        for name, field in sorted(fields.known(section).items())
        if name not in fields.FIXED
    ]


def _shown(origins: Origins, section: str, name: str, field: Field) -> FieldShown:
    source = origins.source(section, name)
    literals = [kind.strip("'") for kind in field.kinds if kind.startswith("'")]
    return FieldShown(
        field_name=name,
        field_type="Select" if literals else _TYPES.get(field.kinds[0], "String"),
        field_description="" if field.status == "works" else _later(section, name),
        field_value=origins.value(section, name),
        stored_in_db={"db": True, "config": False}.get(source),
        field_default_value=field.default or None,
        field_options=literals or None,
        source=source,
        editable=source != "config",
    )


def _later(section: str, name: str) -> str:
    return fields.without_effect(section, name, None) or ""
