"""What is kept of a request and its answer: nothing, unless `store_prompts_in_spend_logs` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.events import Bodies
from tianji.domain.snapshot import Settings
from tianji.wire.excerpt import Keeper

BOUND = 1 << 16
"""Bytes that are kept of either."""
_ASKED = ("messages", "input", "contents", "prompt")


class Kept:
    """The beginning of one call's answer."""

    __slots__ = ("_answer",)

    def __init__(self) -> None:
        self._answer: Keeper[bytes] = Keeper(BOUND)

    def add(self, piece: bytes) -> None:
        """Take a piece of the answer."""
        self._answer.add(piece[:BOUND])

    def told(self, fields: Mapping[str, Any]) -> Bodies:
        """Return what is kept of a request with these fields and of the answer so far."""
        asked = next((bytes(fields[name]) for name in _ASKED if name in fields), b"")
        answered = b"".join(self._answer.parts)
        cut = len(asked) > BOUND or len(answered) > BOUND or self._answer.times > 1
        return Bodies(_text(asked), _text(answered), cut)


def kept_for(settings: Settings) -> Kept | None:
    """Return a place to keep an answer in, where the settings say so; None: nothing is kept."""
    if settings.general.get("store_prompts_in_spend_logs") is not True:
        return None
    return None if settings.calls.get("turn_off_message_logging") is True else Kept()


def _text(data: bytes) -> str:
    return data[:BOUND].decode("utf-8", "ignore")
