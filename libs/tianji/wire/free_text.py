"""Custom tools, whose input is free text, for models whose tools take JSON: one argument holds the text."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from tianji.wire.values import Object

INPUT = "input"
"""The argument that holds the text."""
_BEGIN = re.compile(rf'\s*\{{\s*"{INPUT}"\s*:\s*"')
_WHOLE = re.compile(r'(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_HIGH = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}$")


def schema(form: Object | None) -> Object:
    """Return the schema of a custom tool's arguments; `form` says what the text must be like."""
    argument = f"The whole input of the tool, as text under `{INPUT}`."
    if form is not None and form.get("type") == "grammar":
        inner = form.get("grammar")  # chat completions nest what the Responses API does not
        grammar = inner if isinstance(inner, dict) else form
        words = grammar.get("definition") or ""
        argument += f" It must match this {grammar.get('syntax') or 'lark'} grammar:\n{words}"
    return {
        "type": "object",
        "properties": {INPUT: {"type": "string", "description": argument}},
        "required": [INPUT],
        "additionalProperties": False,
    }


def unwrapped(arguments: str) -> str:
    """Return the text for a custom tool; a model that forgot the wrapping is taken at its word."""
    try:
        said: Any = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return arguments
    found = said.get(INPUT) if isinstance(said, dict) else None
    return found if isinstance(found, str) else arguments


class Unwrapper:
    """Reads pieces of `{"input":"…"}` and gives pieces of the text inside."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._shown: list[str] = []
        self._held = ""
        self._inside = False
        self._closed = False

    def feed(self, piece: str) -> str:
        """Return what of the text is certain with this piece."""
        self._said.append(piece)
        text = "" if self._closed else self._certain(piece)
        self._shown.append(text)
        return text

    def close(self) -> str:
        """Return what of the text was not shown yet, now that all of it is there."""
        whole, shown = unwrapped("".join(self._said)), "".join(self._shown)
        return whole[len(shown) :] if whole.startswith(shown) else ""

    def _certain(self, piece: str) -> str:
        self._held += piece
        if not self._inside:
            begin = _BEGIN.match(self._held)
            if begin is None:
                return ""
            self._held = self._held[begin.end() :]
            self._inside = True
        found = _WHOLE.match(self._held)
        text = found.group() if found else ""
        if len(text) < len(self._held) and self._held[len(text)] == '"':
            self._closed = True
        elif high := _HIGH.search(text):
            text = text[: high.start()]  # half of a sign: the other half is yet to come
        self._held = self._held[len(text) :]
        return _decoded(text)


def _decoded(text: str) -> str:
    found: str = json.loads(f'"{text}"', strict=False)
    if found.isascii():
        return found
    # Half a sign that the model never completed cannot be sent on.
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
