"""The stream of a model that takes one text and gives one."""

from __future__ import annotations

import time

import msgspec

from tianji.providers.contract import Decoder
from tianji.providers.dialects.bedrock_invoke.texts import (
    THOUGHT,
    Family,
    Told,
    finish_of,
    read_told,
    usage_of,
)
from tianji.providers.dialects.events import EventDecoder
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.providers.dialects.openai_chat.think_tags import ThinkingDecoder
from tianji.wire.neutral import Event, Finished, Started, Text, Used
from tianji.wire.sse import ServerEvent, Splitter


def text_decoder(provider: str, model: str, family: Family) -> Decoder:
    """Start to read a stream, thoughts apart where the model begins with them."""
    if family.thinks:
        return ThinkingDecoder(TextDecoder(provider, model, begins=THOUGHT))
    return TextDecoder(provider, model)


class TextDecoder(EventDecoder):
    """Reads one stream; `begins` is what the prompt ended with and the answer goes on from."""

    def __init__(self, provider: str, model: str, *, begins: str = "") -> None:
        super().__init__(provider, Splitter())
        self._side = Side(0)
        self._start: Started | None = Started(model=model, created=int(time.time()))
        self._begins = begins
        self._told = Told()

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        told = read_told(msgspec.json.decode(event.data))
        if self._start is not None:
            out.append(self._start)
            self._start = None
        if told.text:
            begins, self._begins = self._begins, ""
            self._side.grow(out, Text, begins + told.text)
        for name in ("input_tokens", "output_tokens"):
            if getattr(told, name) is not None:
                setattr(self._told, name, getattr(told, name))
        if told.reason is not None:
            self._end(out, told.reason)

    def _end(self, out: list[Event], reason: str) -> None:
        self._side.stop(out)
        out.append(Finished(finish_of(reason), reason))
        if (usage := usage_of(self._told)) is not None:
            out.append(Used(usage))
        self.complete = True
