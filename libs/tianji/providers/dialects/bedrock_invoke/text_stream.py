"""The stream of a model that takes one text and gives one."""

from __future__ import annotations

import time

import msgspec

from tianji.providers.dialects.bedrock_invoke.texts import Family, Told, finish_of, read_told, usage_of
from tianji.providers.dialects.events import EventDecoder
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.wire.neutral import Event, Finished, Reasoning, Started, Text, Used
from tianji.wire.sse import ServerEvent, Splitter

_OPEN, _CLOSE = "<think>", "</think>"


class TextDecoder(EventDecoder):
    """Reads one stream."""

    def __init__(self, provider: str, model: str, family: Family) -> None:
        super().__init__(provider, Splitter())
        self._side = Side(0)
        self._start: Started | None = Started(model=model, created=int(time.time()))
        self._thinks = self._trims = family.thinks
        self._held = ""
        self._fresh = True
        """Whether nothing was said yet of what is being said."""
        self._told = Told()

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        told = read_told(msgspec.json.decode(event.data))
        if self._start is not None:
            out.append(self._start)
            self._start = None
        self._say(out, told.text)
        for name in ("input_tokens", "output_tokens"):
            if getattr(told, name) is not None:
                setattr(self._told, name, getattr(told, name))
        if told.reason is not None:
            self._end(out, told.reason)

    def _say(self, out: list[Event], text: str) -> None:
        if not self._thinks:
            self._grow(out, Text, text)
            return
        held = self._held + text
        thought, mark, rest = held.partition(_CLOSE)
        if mark:
            self._held, self._thinks = "", False
            self._grow(out, Reasoning, thought.removeprefix(_OPEN))
            self._fresh = True
            self._grow(out, Text, rest)
            return
        # The mark may be cut: what could be its beginning waits for the next piece.
        keep = next((n for n in range(len(_CLOSE) - 1, 0, -1) if held.endswith(_CLOSE[:n])), 0)
        if self._fresh and _OPEN.startswith(held):
            keep = len(held)
        said, self._held = held[: len(held) - keep], held[len(held) - keep :]
        self._grow(out, Reasoning, said.removeprefix(_OPEN) if self._fresh else said)

    def _grow(self, out: list[Event], kind: type[Text] | type[Reasoning], text: str) -> None:
        if self._fresh and self._trims:
            text = text.lstrip()
        if text:
            self._fresh = False
            self._side.grow(out, kind, text)

    def _end(self, out: list[Event], reason: str) -> None:
        if self._held:
            held, self._held = self._held, ""
            self._grow(out, Reasoning, held)
        self._side.stop(out)
        out.append(Finished(finish_of(reason), reason))
        if (usage := usage_of(self._told)) is not None:
            out.append(Used(usage))
        self.complete = True
