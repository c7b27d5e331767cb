"""Triton's answers: a text, whole or in pieces whose end is that of the stream."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from msgspec import Struct

from tianji.errors import UpstreamError
from tianji.providers.dialects.events import EventDecoder, Lines, objects_of
from tianji.providers.dialects.fresh_ids import answer_id
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.wire.neutral import Answer, Choice, Event, Finished, Started, Text
from tianji.wire.sse import ServerEvent

_OUTPUT = "text_output"


class _Answer(Struct):
    text_output: Any = None
    outputs: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Answer)


def read(body: bytes, provider: str, model: str) -> Answer:
    """Read a whole answer. Raises UpstreamError where it tells of an error."""
    answer = _decoder.decode(body)
    if answer.error is not None:
        raise UpstreamError(f"{provider}: {answer.error}", provider=provider, retryable=True)
    text = _text(answer)
    if text is None:
        raise ValueError("it has no text")
    return Answer(
        id=answer_id(),
        model=model,
        created=int(time.time()),
        choices=[Choice(blocks=[Text(text)], finish="stop")],
    )


def _text(answer: _Answer) -> str | None:
    said = answer.text_output
    if said is None:
        tensors = objects_of(answer.outputs)
        named = [tensor for tensor in tensors if tensor.get("name") == _OUTPUT] or tensors
        said = named[0].get("data") if named else None
    if isinstance(said, list):
        return "".join(piece for piece in said if isinstance(piece, str))
    return said if isinstance(said, str) else None


class TritonDecoder(EventDecoder):
    """Reads one stream; also an answer that came whole."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(provider, Lines())
        self._model = model
        self._side = Side(0)
        self._started = False

    def close(self) -> list[Event]:
        """Return what was held, and the finish: Triton marks the end by closing the stream."""
        out = super().close()
        if self._started and not self._failed:
            self._side.stop(out)
            out.append(Finished("stop"))
            self.complete = True
        return out

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        answer = _decoder.decode(event.data)
        if answer.error is not None:
            self._fail(out, str(answer.error))
            return
        if not self._started:
            self._started = True
            out.append(Started(answer_id(), self._model, int(time.time())))
        if text := _text(answer):
            self._side.grow(out, Text, text)
