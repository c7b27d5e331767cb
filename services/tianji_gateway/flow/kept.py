"""What is kept of a request and its answer: nothing, unless `store_prompts_in_spend_logs` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.events import Bodies
from tianji.domain.snapshot import Settings
from tianji.wire.excerpt import Keeper
from tianji_gateway.flow.receive import Inference, value_of

BOUND = 1 << 16
"""Bytes that are kept of either."""
LONGEST_DATA = 2048
"""Bytes that a picture, a sound or a file within a message may have to be kept whole."""
_DATA_KEPT = 64
_SAMPLE = slice(_DATA_KEPT, _DATA_KEPT + 512)
_ASKED = ("messages", "input", "contents", "prompt")
_TURNED_OFF = "turn_off_message_logging"
_KEEP = b"litellm-disable-message-redaction"
_KEEP_NOT = (b"litellm-enable-message-redaction", b"x-litellm-enable-message-redaction")


class Kept:
    """The beginning of one call's answer."""

    __slots__ = ("_answer",)

    def __init__(self) -> None:
        self._answer: Keeper[bytes] = Keeper(BOUND)

    def add(self, piece: bytes) -> None:
        """Take a piece of the answer."""
        self._answer.add(piece[: BOUND + 1])

    def told(self, fields: Mapping[str, Any]) -> Bodies:
        """Return what is kept of a request with these fields and of the answer so far."""
        whole = next((bytes(fields[name]) for name in _ASKED if name in fields), b"")
        asked, answered = _without_data(whole), b"".join(self._answer.parts)
        cut = asked is not whole or len(asked) > BOUND or len(answered) > BOUND or self._answer.times > 1
        return Bodies(_text(asked), _text(answered), cut)


def kept_for(inference: Inference, metadata: Mapping[str, Any], settings: Settings) -> Kept | None:
    """Return a place to keep an answer in, where settings and request say so; None: nothing is kept.

    Ask before the request loses the fields that are meant for the gateway.
    """
    if not _is_true(settings.general.get("store_prompts_in_spend_logs")):
        return None
    return None if _is_private(inference, metadata, settings) else Kept()


def _is_private(inference: Inference, metadata: Mapping[str, Any], settings: Settings) -> bool:
    """Say whether nobody may read what is said: a request goes before the settings."""
    header = inference.call.header
    if _is_true(header(_KEEP)):
        return False
    said = value_of(inference.fields, _TURNED_OFF)
    said = metadata.get(_TURNED_OFF) if said is None else said
    if isinstance(said, bool | str):
        return _is_true(said)
    return any(_is_true(header(name)) for name in _KEEP_NOT) or settings.calls.get(_TURNED_OFF) is True


def _is_true(said: Any) -> bool:
    return said is True or (isinstance(said, str) and said.lower() in ("true", "1", "yes"))


def _without_data(asked: bytes) -> bytes:
    """Shorten pictures, sounds and files within JSON, so that the words around them find room."""
    pieces = asked.split(b'"')
    found = [place for place, piece in enumerate(pieces) if _is_data(piece)]
    for place in found:
        piece = pieces[place]
        pieces[place] = b"%s... (%d bytes)" % (piece[:_DATA_KEPT], len(piece))
    return b'"'.join(pieces) if found else asked


def _is_data(piece: bytes) -> bool:
    sample = piece[_SAMPLE]
    return len(piece) > LONGEST_DATA and sample.isascii() and not any(sign in sample for sign in b" \n\\")


def _text(data: bytes) -> str:
    return data[:BOUND].decode("utf-8", "ignore")
