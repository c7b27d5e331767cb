"""Makes contents that are passed on ones that Gemini takes, where another provider said a part of them.

Its own signatures pass unread. Others' were sealed for the client, and come back in their place; and
models that do not sign leave calls behind that newer Geminis want signed.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Raw

from tianji.providers.dialects.gemini.model import Model
from tianji.providers.dialects.gemini.spelling import both, said
from tianji.wire import values
from tianji.wire.generate_content.signatures import is_sealed
from tianji.wire.quoted import Quoted
from tianji.wire.values import Object

UNSIGNED = "skip_thought_signature_validator"
"""Google's own word for a call that no Gemini model made, and that none could have signed."""

_SIGNATURE = both(("thoughtSignature",))
_SAYS_NOTHING = both(("text", "thought", "thoughtSignature"))
_SEALED = re.compile(rb'"thought_?[sS]ignature"\s*:\s*"dGlhbmpp')  # what seals begin with, in base64
_SIGNED = {b"thoughtSignature", b"thought_signature"}
_NOTABLE = Quoted("thoughtSignature", "thought_signature", "functionCall", "function_call")


def own_contents(contents: Raw, model: Model) -> Raw:
    """Clean contents that are passed on; they are only decoded if another provider's words may be in them."""
    raw = bytes(contents)
    found = _NOTABLE.among(raw)
    signed = not found.isdisjoint(_SIGNED)
    unsigned = model.signs_calls and bool(found) and not signed
    if not unsigned and not (signed and _SEALED.search(raw)):
        return contents
    turns = [turn for turn in values.array(values.decode(raw, "contents"), "contents") if _cleaned(turn)]
    if model.signs_calls:
        sign(turns)
    return Raw(values.encode(turns))


def sign(contents: list[Object]) -> None:
    """Mark the unsigned first calls of the steps since the user last spoke: only those are checked."""
    for content in reversed(contents):
        parts = [part for part in content.get("parts") or () if isinstance(part, dict)]
        calls = [part for part in parts if said(part, "functionCall") is not None]
        if content.get("role", "user") == "user":
            if any(said(part, "functionResponse") is None for part in parts):
                return
        elif calls and said(calls[0], "thoughtSignature") is None:
            calls[0]["thoughtSignature"] = UNSIGNED


def _cleaned(turn: Any) -> bool:
    """Take others' signatures out of a turn, in place; say whether there is anything left of it."""
    parts = turn.get("parts") if isinstance(turn, dict) else None
    if not isinstance(parts, list):
        return True
    kept = [part for part in parts if not (isinstance(part, dict) and _foreign(part))]
    left = bool(kept) or not parts
    turn["parts"] = kept
    return left


def _foreign(part: Object) -> bool:
    """Take another provider's signature off a part; say whether the part was only there to carry it."""
    signature = said(part, "thoughtSignature")
    if not isinstance(signature, str) or not is_sealed(signature):
        return False
    for name in _SIGNATURE:
        part.pop(name, None)
    return part.get("thought") is True or (not part.get("text") and part.keys() <= _SAYS_NOTHING)
