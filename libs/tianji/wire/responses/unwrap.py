"""Takes the text of a custom tool out of the JSON object that a model wraps it in, as it arrives."""

from __future__ import annotations

import json
import re

from tianji.wire.responses.names import INPUT

_BEGIN = re.compile(rf'\s*\{{\s*"{INPUT}"\s*:\s*"')
_WHOLE = re.compile(r'(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_HIGH = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}$")


class Unwrapper:
    """Reads pieces of `{"input":"…"}` and gives pieces of the text inside."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._closed = False

    def feed(self, piece: str) -> str:
        """Return what of the text is certain with this piece."""
        if self._closed:
            return ""
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
