"""JSON schemas of the types that paths declare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

Schema = dict[str, Any]

_REF = "#/components/schemas/"
_QUALIFIED = re.compile(r"tianji_control\.(?:resources\.)?(?P<place>[\w.]+)\.(?P<name>[\w-]+)")


class Schemas:
    """The schemas of all declared types; those with a name are components."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        self._kinds = list(_once(kinds))
        made, components = msgspec.json.schema_components(
            self._kinds, ref_template=_REF + "{name}", schema_hook=_unknown
        )
        names = _names(components)
        self._made = [_named(schema, names) for schema in made]
        self.components: dict[str, Schema] = {
            names[name]: _named(components[name], names) for name in sorted(components, key=names.__getitem__)
        }

    def of(self, kind: Any) -> Schema:
        """Return the schema of a declared type."""
        return next(made for known, made in zip(self._kinds, self._made, strict=True) if _same(known, kind))

    def whole(self, kind: Any) -> Schema:
        """Return the schema of a declared Struct itself, not what refers to it."""
        schema = self.of(kind)
        return self.components[schema["$ref"].removeprefix(_REF)] if "$ref" in schema else schema


def _once(kinds: Iterable[Any]) -> Iterator[Any]:
    seen: list[Any] = []
    for kind in kinds:
        if not any(_same(kind, known) for known in seen):
            seen.append(kind)
            yield kind


def _same(one: Any, other: Any) -> bool:
    """Say whether two types are one, or are Structs that were made twice of the same fields."""
    if isinstance(one, type) and isinstance(other, type) and one is not other:
        return issubclass(one, Struct) and issubclass(other, Struct) and _made(one) == _made(other)
    return one is other or (type(one) is type(other) and bool(one == other))


def _made(kind: type[Struct]) -> tuple[Any, ...]:
    return kind.__module__, kind.__qualname__, kind.__struct_fields__


def _unknown(kind: type) -> Schema:
    raise TypeError(f"{kind} has no JSON schema: declare what answers and requests hold as JSON does")


def _names(components: dict[str, Schema]) -> dict[str, str]:
    """Choose names without modules; of those that meet, each says its resource, and if need be its module."""
    chosen: dict[str, str] = {}
    for form in (_short, _of_resource, _whole):
        named = {name: form(name) for name in components if name not in chosen}
        taken = [*named.values(), *chosen.values()]
        chosen |= {name: short for name, short in named.items() if taken.count(short) == 1}
    return chosen


def _short(name: str) -> str:
    found = _QUALIFIED.fullmatch(name)
    return found["name"] if found else name


def _of_resource(name: str) -> str:
    found = _QUALIFIED.fullmatch(name)
    return _camel(found["place"].split(".")[0]) + found["name"] if found else name


def _whole(name: str) -> str:
    found = _QUALIFIED.fullmatch(name)
    return "".join(map(_camel, found["place"].split("."))) + found["name"] if found else name


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _named(schema: Any, names: dict[str, str]) -> Any:
    """Return a schema with other names of components; amounts of money are numbers."""
    if isinstance(schema, list):
        return [_named(part, names) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        return {name: part for name, part in schema.items() if name != "format"} | {"type": "number"}
    renamed = {name: _named(part, names) for name, part in schema.items()}
    if isinstance(ref := schema.get("$ref"), str):
        renamed["$ref"] = _REF + names[ref.removeprefix(_REF)]
    return renamed
