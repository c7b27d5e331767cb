"""Completions, whole and as a stream: to answers; also where a vendor answers in the form of a chat."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from msgspec import Struct

from tianji.providers.dialects.events import EventDecoder, object_of, objects_of
from tianji.providers.dialects.openai_chat.answer import finish_of, text_of
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.wire import values
from tianji.wire.neutral import Answer, Choice, Event, Finished, Started, Text, Used
from tianji.wire.sse import ServerEvent, Splitter
from tianji.wire.usage import count, read_chat_usage
from tianji.wire.values import Object


def read(body: bytes) -> Answer:
    """Read a whole answer. Raises BadRequest or ValueError for what is none."""
    whole = values.mapping(msgspec.json.decode(body), "body")
    choices = values.array(whole.get("choices"), "choices")
    return Answer(
        id=text_of(whole.get("id")),
        model=text_of(whole.get("model")),
        created=count(whole.get("created")) or int(time.time()),
        choices=[_choice(values.mapping(one, "choices"), number) for number, one in enumerate(choices)],
        usage=read_chat_usage(whole.get("usage")),
        system_fingerprint=text_of(whole.get("system_fingerprint")) or None,
    )


def _choice(choice: Object, number: int) -> Choice:
    raw, text = text_of(choice.get("finish_reason")) or None, choice.get("text")
    if text is None:
        text = object_of(choice.get("message")).get("content")
    return Choice(
        index=number,
        blocks=[Text(text_of(text))],
        finish=finish_of(raw, called=False),
        finish_raw=raw,
        logprobs=read_logprobs(choice.get("logprobs")),
    )


def read_logprobs(said: Any) -> Object | None:
    """Read log probabilities, told here in lists side by side, as a chat tells them."""
    lists = object_of(said)
    tokens, numbers, tops = (lists.get(name) or [] for name in ("tokens", "token_logprobs", "top_logprobs"))
    found = []
    for at, (token, number) in enumerate(zip(tokens, numbers, strict=False)):
        others = object_of(tops[at]) if at < len(tops) else {}
        top = [_token(other, chance) for other, chance in others.items()]
        found.append({**_token(token, number), "top_logprobs": top})
    return {"content": found} if found else None


def _token(token: Any, number: Any) -> Object:
    text = text_of(token)
    return {"token": text, "logprob": number if number is not None else 0.0, "bytes": list(text.encode())}


class _Chunk(Struct):
    id: Any = None
    model: Any = None
    created: Any = None
    choices: Any = None
    usage: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Chunk)


class CompletionsDecoder(EventDecoder):
    """Reads one stream."""

    def __init__(self, provider: str) -> None:
        super().__init__(provider, Splitter())
        self._sides: dict[int, Side] = {}
        self._started = False

    def close(self) -> list[Event]:
        """Return what was held; a stream whose choices all finished is complete without a mark."""
        out = super().close()
        if not self._failed and self._sides and all(side.finished for side in self._sides.values()):
            self.complete = True
        return out

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        if event.data == b"[DONE]":
            for side in self._sides.values():
                self._finish(out, side, None)
            self.complete = True
            return
        chunk = _decoder.decode(event.data)
        if chunk.error is not None:
            error = object_of(chunk.error)
            self._fail(out, str(error.get("message") or chunk.error), text_of(error.get("code")) or None)
            return
        if not self._started:
            self._started = True
            out.append(Started(text_of(chunk.id), text_of(chunk.model), count(chunk.created)))
        for choice in objects_of(chunk.choices):
            self._choice(out, choice)
        if (usage := read_chat_usage(chunk.usage)) is not None:
            out.append(Used(usage))

    def _choice(self, out: list[Event], choice: Object) -> None:
        number = count(choice.get("index"))
        side = self._sides.setdefault(number, Side(number))
        text = choice.get("text")
        if text is None:
            text = object_of(choice.get("delta")).get("content")
        logprobs = read_logprobs(choice.get("logprobs"))
        if text or logprobs:
            side.grow(out, Text, text_of(text)).logprobs = logprobs
        if isinstance(choice.get("finish_reason"), str):
            self._finish(out, side, choice["finish_reason"])

    def _finish(self, out: list[Event], side: Side, raw: str | None) -> None:
        if side.finished:
            return
        side.finished = True
        side.stop(out)
        out.append(Finished(finish_of(raw, called=False), raw, choice=side.choice))
