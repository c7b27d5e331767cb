"""Reads what a request says into Structs; every wrong field is named."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from starlette.datastructures import QueryParams

from tianji.errors import BadRequest
from tianji_control.envelope import Fault, WrongFields

log = logging.getLogger(__name__)

T = TypeVar("T", bound=msgspec.Struct)

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_DEEPEST = 100
_TOO_DEEP = "The request body is nested too deeply"
_LARGEST = {"body": 2**63 - 1, "query": 2**31 - 1}
"""The largest whole numbers: what a column holds, and what still multiplies to an offset."""
_KINDS = {
    "int": "int_type",
    "float": "float_type",
    "str": "string_type",
    "bool": "bool_type",
    "array": "list_type",
    "object": "dict_type",
}


def body_of(raw: bytes, kind: type[T], path: str) -> T:
    """Decode a request body; unknown fields are left out, and said so in the log."""
    return _convert(_object_of(raw), kind, "body", path)


def said_of(raw: bytes, kind: type[T], path: str) -> tuple[T, dict[str, Any]]:
    """Decode a request body; return it, and of its fields those that the request names."""
    return parts_of(_object_of(raw), kind, path)


def mapping_of(raw: bytes) -> dict[str, Any]:
    """Decode a request body whose names are free."""
    given = _object_of(raw)
    _check_storable(given)
    return given


def _object_of(raw: bytes) -> dict[str, Any]:
    try:
        given = msgspec.json.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BadRequest(f"The request body is not valid JSON: {fault}") from None
    except RecursionError:
        raise BadRequest(_TOO_DEEP) from None
    if not isinstance(given, dict):
        raise WrongFields(
            [Fault(["body"], "the request body must be a JSON object", "model_attributes_type")]
        )
    return given


def parts_of(given: dict[str, Any], kind: type[T], path: str) -> tuple[T, dict[str, Any]]:
    """Decode one of several objects of a body; return it, and of its fields those that it names."""
    read = _convert(given, kind, "body", path)
    return read, {name: getattr(read, name) for name in given if name in kind.__struct_fields__}


def query_of(given: Mapping[str, str], kind: type[T], path: str) -> T:
    """Decode a query string; a field that is a list has each value that comes under its name."""
    read: dict[str, Any] = dict(given)
    if isinstance(given, QueryParams):
        lists = [field.encode_name for field in _fields(kind) if get_origin(field.type) is list]
        read |= {name: given.getlist(name) for name in lists if name in given}
    return _convert(read, kind, "query", path)


def _convert(given: dict[str, Any], kind: type[T], place: str, path: str) -> T:
    _check_storable(given)
    fields = _fields(kind)
    known = {field.encode_name for field in fields}
    if ignored := sorted(given.keys() - known):
        log.warning("fields without effect", extra={"path": path, "fields": ", ".join(ignored)})
    missing = [field.encode_name for field in fields if field.required and field.encode_name not in given]
    if missing:
        raise WrongFields(
            [Fault([place, name], f"the field {name} is required", "missing") for name in missing]
        )
    try:
        read = msgspec.convert(_with_defaults(given, kind), kind, strict=False)
    except msgspec.ValidationError as fault:
        raise WrongFields([_fault(str(fault), place)]) from None
    _check_sizes(read, place)
    return read


def _check_storable(given: Any) -> None:
    """Refuse what no column holds: the character NUL, and nesting without end."""
    level = [given]
    for _ in range(_DEEPEST):
        if any("\0" in text for text in level if isinstance(text, str)):
            raise BadRequest("The request has the character NUL in a text; take it out")
        level = [
            part
            for value in level
            if isinstance(value, dict | list)
            for part in ((*value, *value.values()) if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise BadRequest(_TOO_DEEP)


def _check_sizes(read: msgspec.Struct, place: str) -> None:
    largest = _LARGEST[place]
    for name, value in msgspec.structs.asdict(read).items():
        if isinstance(value, int) and abs(value) > largest:
            raise WrongFields([Fault([place, name], f"{name}: {value} is too large", "int_type")])


def _with_defaults(given: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Leave out what is null where the type has no null: then it counts as not given."""
    nullable = _nullable(kind)
    return {name: value for name, value in given.items() if value is not None or name in nullable}


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """List the fields of a type."""
    return msgspec.structs.fields(kind)


@cache
def _nullable(kind: type[msgspec.Struct]) -> frozenset[str]:
    """Name the fields that may be null. Working it out takes longer than reading a body."""
    hints = get_type_hints(kind)
    return frozenset(name for name, hint in hints.items() if hint is Any or type(None) in get_args(hint))


def _fault(text: str, place: str) -> Fault:
    found = _AT.match(text)
    assert found is not None
    steps: Iterable[str] = (name or index for name, index in _STEP.findall(found["path"] or ""))
    wanted = re.fullmatch(r"Expected `(\w+).*`, got .*", found["what"])
    location: list[str | int] = [place, *(int(step) if step.isdigit() else step for step in steps)]
    named = ".".join(str(step) for step in location[1:])
    return Fault(
        location,
        f"{named}: {found['what']}" if named else found["what"],
        _KINDS.get(wanted[1], "value_error") if wanted else "value_error",
    )
