"""Whether a value is of the kind a field asks for, as LiteLLM's users write them.

Lenient where the meaning is plain: YAML reads `1e-6` and quoted numbers as text, and an unquoted
`2024-02-01` as a date.
"""

from __future__ import annotations

import datetime
import math
from typing import Any

_WORDS = {
    "string": "text",
    "name": "text",
    "secret": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "list[string]": "a list of texts",
    "mapping": "a mapping",
    "any": "any value",
}
_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}


class Mismatch(ValueError):
    """The value is of another kind."""


def fit(value: Any, text: str, kinds: tuple[str, ...]) -> Any:
    """Return a scalar as one of the kinds; `text` is how it was written.

    Raises Mismatch, also for what JSON cannot carry. Lists and mappings are judged by `accepts`.
    """
    if value is None or ("any" in kinds and _carried(value)):
        return value
    for kind in kinds:
        try:
            fitted = _FITS.get(kind, _literal)(value, text, kind)
            if _carried(fitted):
                return fitted
        except (ValueError, OverflowError):
            continue
    raise Mismatch(asked_for(kinds))


def _carried(value: Any) -> bool:
    """Say whether JSON, and every reader of it, can carry a scalar."""
    match value:
        case float():
            return math.isfinite(value)
        case int():
            return abs(value) < 2**63
    return not isinstance(value, bytes)


def accepts(kinds: tuple[str, ...], shape: type) -> bool:
    """Say whether a list or a mapping is welcome."""
    if "any" in kinds:
        return True
    return any(kind == "mapping" if shape is dict else kind.startswith("list") for kind in kinds)


def asked_for(kinds: tuple[str, ...]) -> str:
    """Say in words what kinds of value a field takes."""
    literals = [kind.strip("'") for kind in kinds if kind.startswith("'")]
    if literals:
        return "one of " + ", ".join(literals)
    return " or ".join(dict.fromkeys(_WORDS.get(kind, kind) for kind in kinds))


def kind_of(value: Any) -> str:
    """Say in words what kind a value is."""
    match value:
        case bool():
            return "true or false"
        case None:
            return "empty"
        case int():
            return "a whole number"
        case float():
            return "a number with a fraction"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case datetime.date():
            return "a date"
    return "text"


def _string(value: Any, text: str, kind: str) -> str:
    if isinstance(value, str):
        return value
    # YAML reads 2024-02-01 as a date and 10:30 as a number to the base of 60.
    if isinstance(value, datetime.date) or (isinstance(value, int | float) and ":" in text):
        return text
    raise Mismatch


def _name(value: Any, text: str, kind: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return text
    return _string(value, text, kind)


def _integer(value: Any, text: str, kind: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Mismatch
    number = int(value)
    if not isinstance(value, str) and number != value:
        raise Mismatch
    return number


def _number(value: Any, text: str, kind: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Mismatch
    return value if isinstance(value, int | float) else float(value)


def _boolean(value: Any, text: str, kind: str) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, int | str) else ""
    if word not in _TRUE | _FALSE:
        raise Mismatch
    return word in _TRUE


def _literal(value: Any, text: str, kind: str) -> str:
    if f"'{value}'" != kind:
        raise Mismatch
    return str(value)


_FITS = {
    "string": _string,
    "secret": _string,
    "name": _name,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}
