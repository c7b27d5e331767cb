"""What of a request is no text: found in its bytes, whatever client format they are of.

Names are looked for with their quotes: within a text that a client wrote these are escaped.
"""

from __future__ import annotations

import re

from msgspec import Struct

_ESCAPED = re.compile(rb"\\u00([2-7][0-9a-fA-F])")
"""Signs that need no escape; JSON lets anybody write them so."""
_MARKS = re.compile(
    rb'"(image_url|input_image|url|mimeType|mime_type|media_type'
    rb'|document|video_url|file(?:Data|Id|Uri|_data|_id|_uri|_url))"'
)
_PICTURES = frozenset({b"image_url", b"input_image", b"url", b"mimeType", b"mime_type", b"media_type"})
_TYPED = frozenset({b"mimeType", b"mime_type", b"media_type"})
_BOUNDED_TYPE = rb'\s*:\s*"(?:image|audio|text)\\?/'
_OTHER_TYPE = re.compile(rb'"(?:mimeType|mime_type|media_type)"(?!' + _BOUNDED_TYPE + rb")")
_PICTURE_TOKENS = 3_000
"""A picture at its largest, whose bytes may be few or elsewhere."""


class Attached(Struct, frozen=True):
    """Pictures and files of a request."""

    tokens: int = 0
    """The most that its pictures come to."""
    anything: bool = False
    """Whether there is something whose bytes do not say how much it is, such as a file."""


NOTHING = Attached()


def unescaped(text: bytes) -> bytes:
    """Return JSON whose names and types can be looked for; it is no JSON any more, and not longer."""
    return _ESCAPED.sub(_sign, text) if b"\\u00" in text else text


def attached_to(text: bytes) -> Attached:
    """Return what comes with a request; `text` is unescaped."""
    marks = _MARKS.findall(text)
    if not marks:
        return NOTHING
    found = set(marks)
    # A document that is text or base64 is bounded by its bytes, or found by its type.
    files = found - _PICTURES - {b"document"} or {b"document", b"url"} <= found
    other = not found.isdisjoint(_TYPED) and _OTHER_TYPE.search(text) is not None
    pictures = sum(mark in _PICTURES for mark in marks)
    return Attached(pictures * _PICTURE_TOKENS, bool(files) or other)


def _sign(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode())
