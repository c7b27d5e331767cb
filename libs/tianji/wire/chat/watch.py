"""Looks at chat completions that pass untouched, and picks out what accounting needs.

Most chunks are only searched for a few byte strings. Inside a JSON string a quote is escaped, so
`"usage":` with bare quotes can only be a key.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from tianji.wire import sse
from tianji.wire.chat.finish import OPENAIS, UNFINISHED, rewritten, translated
from tianji.wire.chat.thoughts import thinks, under_both_names
from tianji.wire.excerpt import KEEP_RAW, Excerpt, Keeper
from tianji.wire.front import Glance
from tianji.wire.usage import usage_in

_LAST_BARE = (b"\ndata: [DONE]", b"\ndata:[DONE]")
"""Some servers end their stream without the blank line that would end the event."""


class _Function(Struct):
    name: Any = None
    arguments: Any = None


class _Call(Struct):
    function: _Function | None = None
    custom: Any = None


class _Delta(Struct):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None


_NULL = Raw(b"null")


class _Choice(Struct):
    finish_reason: Any = None
    error: Any = None
    delta: _Delta | None = None
    usage: Raw = _NULL
    """Where Moonshot tells it."""


class _Body(Struct):
    id: Any = None
    model: Any = None
    usage: Raw = _NULL
    choices: list[_Choice] | None = None
    error: Any = None
    object: Any = None

    @property
    def says_usage(self) -> bool:
        return bytes(self.usage) != b"null"


_decoder = msgspec.json.Decoder(_Body)


def _decode(data: bytes) -> _Body | None:
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def glance(body: bytes) -> Glance:
    """Pick model, usage and finish out of a whole answer."""
    found = Glance()
    read = _decode(body)
    if read is not None:
        _note(found, read)
        found.instead = _in_clients_words(body, read)
    return found


def _in_clients_words(data: bytes, read: _Body) -> bytes | None:
    """Return a chunk or an answer as clients know it; None where the vendor's words are these."""
    instead = data
    if any(_is_odd(choice) for choice in read.choices or ()):
        instead = rewritten(instead)
    if thinks(instead):
        instead = under_both_names(instead)
    return None if instead is data else instead


def _note(glance: Glance, body: _Body) -> None:
    if not glance.id and isinstance(body.id, str):
        glance.id = body.id
    if not glance.model and isinstance(body.model, str):
        glance.model = body.model
    if body.says_usage:
        glance.usage = usage_in(body.usage) or glance.usage
    for choice in body.choices or ():
        if isinstance(choice.finish_reason, str) and choice.finish_reason not in UNFINISHED:
            glance.finish = translated(choice.finish_reason)
        if choice.error is not None and body.error is None:
            body.error = choice.error
        if not body.says_usage and bytes(choice.usage) != b"null":
            glance.usage = usage_in(choice.usage) or glance.usage
    # What goes wrong after the answer is whole takes nothing from it.
    if body.error is not None and (
        glance.finish is None or any(choice.error for choice in body.choices or ())
    ):
        glance.failed, glance.error = message_of(body.error), body.error


def _is_odd(choice: _Choice) -> bool:
    reason = choice.finish_reason
    return isinstance(reason, str) and reason not in OPENAIS and reason not in UNFINISHED


def message_of(error: object) -> str:
    """Return the words of an error object."""
    if isinstance(error, dict):
        return str(error.get("message") or error.get("type") or "unknown error")
    return str(error)


class ChatWatch:
    """Follows a stream of chat completion chunks."""

    def __init__(self, *, hide_usage: bool) -> None:
        self.glance = Glance()
        self.complete = False
        self._hide = hide_usage
        self._held = b""
        self._raw = Keeper[bytes](KEEP_RAW)

    def excerpt(self) -> Excerpt:
        """Return the text since usage was last told, read from the chunks only now."""
        found: list[str] = []
        for event in sse.parse(b"".join(self._raw.parts)):
            body = _decode(event.data)
            for choice in (body.choices or ()) if body else ():
                found += _texts(choice.delta)
        return Excerpt("".join(found), self._raw.times)

    def feed(self, chunk: bytes) -> bytes:
        """Return what the client is to get of a chunk."""
        whole = self._held + chunk if self._held else chunk
        end = len(whole) if whole.endswith(_LAST_BARE) else sse.boundary(whole)
        if not end:
            self._held = whole
            return b""
        events, self._held = whole[:end], whole[end:]
        self._raw.add(events)
        if _speaks(events) or not self.glance.id:
            return self._read(events)
        return events

    def close(self) -> bytes:
        """Return what was held back, and the end mark where the provider has none of its own."""
        held, self._held = self._held, b""
        kept = b""
        if held:
            self._raw.add(held)
            kept = self._read(held)
        if self.complete or self.glance.finish is None:
            return kept
        self.complete = True
        return kept + (b"\n\n" if held else b"") + b"data: [DONE]\n\n"

    def _read(self, events: bytes) -> bytes:
        """Read these events; return those that the client is to see, byte for byte."""
        out = []
        for block in _blocks(events):
            if self.glance.id and not _speaks(block):
                out.append(block)
                continue
            kept = block
            for event in sse.parse(block):
                instead = self._note(event.data)
                kept = kept if instead is None else instead
            out.append(kept)
        return b"".join(out)

    def _note(self, data: bytes) -> bytes | None:
        """Note what an event says; return what the client gets instead of it, None for the event itself."""
        if data.startswith(b"[DONE]"):
            self.complete = True
            return None
        body = _decode(data)
        if body is None:
            return None
        whole_error = body.object == "error" and body.error is None  # as of vLLM
        if whole_error:
            body.error = msgspec.json.decode(data)
        _note(self.glance, body)
        if body.says_usage:
            self._raw.clear()
        if body.error is not None:
            if self.glance.failed is None:
                return b"" if self._hide or not body.says_usage else _usage_of(data)
            return b'data: {"error":' + data + b"}\n\n" if whole_error else None
        instead = _in_clients_words(data, body)
        if instead is not None:
            # What several `data` lines were joined by stands between values: inside a string it is escaped.
            return b"data: " + instead.replace(b"\n", b" ") + b"\n\n"
        return b"" if self._hide and body.says_usage and not body.choices else None


def _usage_of(data: bytes) -> bytes:
    """Return a chunk that only tells the usage of another one."""
    whole = msgspec.json.decode(data, type=dict[str, Raw])
    del whole["error"]
    return b"data: " + msgspec.json.encode({**whole, "choices": []}) + b"\n\n"


def _speaks(events: bytes) -> bool:
    """Say whether some event in these bytes has to be read."""
    return (
        b"[DONE]" in events
        or b'"usage":{' in events
        or b'"usage": {' in events
        or b'"finish_reason":"' in events
        or b'"finish_reason": "' in events
        or b'"error"' in events
        or thinks(events)
    )


def _blocks(events: bytes) -> list[bytes]:
    """Cut whole events apart without losing a byte."""
    mark = b"\r\n\r\n" if b"\r\n\r\n" in events else b"\r\r" if b"\r\r" in events else b"\n\n"
    pieces = events.split(mark)
    last = pieces.pop()
    blocks = [piece + mark for piece in pieces]
    return [*blocks, last] if last else blocks


def _texts(delta: _Delta | None) -> list[str]:
    if delta is None:
        return []
    found = [delta.content, delta.reasoning_content or delta.reasoning, delta.refusal]
    for call in delta.tool_calls or ():
        if call.function is not None:
            found += [call.function.name, call.function.arguments]
    if delta.function_call is not None:
        found += [delta.function_call.name, delta.function_call.arguments]
    return [text for text in found if isinstance(text, str)]
