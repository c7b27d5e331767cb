"""Signatures of thoughts in `thoughtSignature`: base64, as Google's clients want it.

Gemini's own stand there bare. What another provider signed or encrypted is sealed, so that it comes
back as it was and never reaches Gemini as its own.
"""

from __future__ import annotations

import base64
import binascii

from tianji.wire.neutral import Reasoning
from tianji.wire.signers import GEMINI, marked, unmarked

_SIGNED = b"tianji:signature:"
_ENCRYPTED = b"tianji:encrypted:"
_URL_SAFE = str.maketrans("-_", "+/")


def write_signature(thought: Reasoning) -> str | None:
    """Return what must come back of a thought; None for one that nobody signed."""
    if thought.signature:
        own = unmarked(GEMINI, thought.signature)
        return _sealed(_SIGNED, thought.signature) if own is None else own
    if thought.encrypted:
        return _sealed(_ENCRYPTED, thought.encrypted)
    return None


def read_signature(thought: Reasoning, said: str) -> Reasoning:
    """Put what came back into a thought, and return it."""
    opened = _opened(said)
    if opened.startswith(_SIGNED):
        thought.signature = opened[len(_SIGNED) :].decode()
    elif opened.startswith(_ENCRYPTED):
        thought.encrypted = opened[len(_ENCRYPTED) :].decode()
    else:
        thought.signature = marked(GEMINI, standard(said))
    return thought


def is_sealed(said: str) -> bool:
    """Say whether another provider's signature is in there."""
    return _opened(said).startswith((_SIGNED, _ENCRYPTED))


def standard(said: str) -> str:
    """Return base64 in the standard alphabet: Google's SDKs send bytes back in the one for URLs."""
    return said.translate(_URL_SAFE)


def _sealed(kind: bytes, value: str) -> str:
    return base64.b64encode(kind + value.encode()).decode()


def _opened(said: str) -> bytes:
    try:
        opened = base64.b64decode(standard(said), validate=True)
        opened.decode()
    except (binascii.Error, ValueError):
        return b""
    return opened
