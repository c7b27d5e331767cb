"""Reads values of a request and says which field is wrong, and how.

Every reader takes the value and the place it came from (`messages[2].content`) and raises
BadRequest naming both what was expected and what was found; the value itself is not repeated,
since it may be private.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from tianji.errors import BadRequest

T = TypeVar("T")
Object = dict[str, Any]

_KINDS = (
    (bool, "a boolean"),
    (str, "a string"),
    (int, "an integer"),
    (float, "a number"),
    (dict, "an object"),
    (list, "an array"),
)


def wrong(at: str, expected: str, value: object) -> BadRequest:
    """Return the error for a value of the wrong kind."""
    return BadRequest(f"{at}: expected {expected}, got {kind_of(value)}", param=at, code="invalid_type")


def kind_of(value: object) -> str:
    """Say in JSON's words what a value is."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")


def decode(raw: bytes | msgspec.Raw, at: str) -> Any:
    """Decode one field of a request."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else "not valid JSON"
        raise BadRequest(f"{at}: {reason}", param=at, code="invalid_json") from None


def encode(value: object) -> bytes:
    """Encode a request body; numbers that JSON readers do not take are the client's fault."""
    try:
        return msgspec.json.encode(value)
    except (OverflowError, ValueError, RecursionError):
        raise BadRequest("the request holds a number, a text or a nesting that cannot be sent on") from None


def require_list(fields: Mapping[str, Any], name: str, of: str) -> None:
    """Refuse a body, taken apart but not decoded, whose field `name` is not a list."""
    # A view: the list may be megabytes.
    if memoryview(fields.get(name, b""))[:1].tobytes() != b"[":
        raise BadRequest(f"`{name}` is missing or not a list {of}", param=name)


def string(value: object, at: str) -> str:
    """Read a string."""
    if isinstance(value, str):
        return value
    raise wrong(at, "a string", value)


def boolean(value: object, at: str) -> bool:
    """Read a boolean."""
    if isinstance(value, bool):
        return value
    raise wrong(at, "a boolean", value)


def integer(value: object, at: str) -> int:
    """Read an integer; `5.0` is one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < 1 << 63:
            return value
        raise BadRequest(f"{at}: the integer is too large", param=at, code="invalid_value")
    raise wrong(at, "an integer", value)


def number(value: object, at: str) -> float:
    """Read a number, leaving an integer as it is."""
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return integer(value, at)
    raise wrong(at, "a number", value)


def mapping(value: object, at: str) -> Object:
    """Read an object."""
    if isinstance(value, dict):
        return value
    raise wrong(at, "an object", value)


def array(value: object, at: str) -> list[Any]:
    """Read an array."""
    if isinstance(value, list):
        return value
    raise wrong(at, "an array", value)


def strings(value: object, at: str) -> list[str]:
    """Read an array of strings."""
    return [string(item, f"{at}[{number}]") for number, item in enumerate(array(value, at))]


def optional(read: Callable[[object, str], T], holder: Object, name: str, at: str) -> T | None:
    """Read a field that may be absent or null."""
    value = holder.get(name)
    return None if value is None else read(value, f"{at}.{name}" if at else name)


def required(read: Callable[[object, str], T], holder: Object, name: str, at: str) -> T:
    """Read a field that must be there."""
    path = f"{at}.{name}" if at else name
    if name not in holder:
        raise BadRequest(f"{path}: is missing", param=path, code="missing_required_parameter")
    return read(holder[name], path)


def one_of(value: object, names: Iterable[str], at: str) -> str:
    """Read a string that must be one of `names`."""
    text, known = string(value, at), tuple(names)
    if text in known:
        return text
    raise BadRequest(f"{at}: must be one of {', '.join(known)}", param=at, code="invalid_value")


def rest(holder: Object, known: Iterable[str]) -> Object:
    """Return the fields that are not `known`, as they are."""
    return {name: value for name, value in holder.items() if name not in known}
