"""Events of the Responses API: to ours.

Items carry their place in the output. While one is open the events of others wait, so that blocks come
one after another; what the events of an item left out is read from the item when it is done.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from tianji.providers.dialects.responses.answer import finish_of, object_of, objects_of, text_of, usage_of
from tianji.providers.dialects.responses.blocks import Blocks
from tianji.wire.neutral import Event, Failed, Finished, Started, Used
from tianji.wire.responses.failures import status_of
from tianji.wire.sse import ServerEvent, Splitter
from tianji.wire.usage import count


class _Event(Struct):
    type: str | None = None
    output_index: Any = None
    item: dict[str, Any] | None = None
    part: dict[str, Any] | None = None
    delta: Any = None
    annotation: dict[str, Any] | None = None
    logprobs: Any = None
    response: dict[str, Any] | None = None
    code: Any = None
    message: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Event)


class ResponsesDecoder:
    """Reads one stream."""

    def __init__(self, provider: str) -> None:
        self.complete = False
        self._provider = provider
        self._splitter = Splitter()
        self._blocks = Blocks()
        self._started = False
        self._failed = False
        self._open: Any = None
        self._waiting: list[_Event] = []
        self._done: set[Any] = set()

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk."""
        return self._read_all(self._splitter.feed(chunk))

    def close(self) -> list[Event]:
        """Return what was still held."""
        return self._read_all(self._splitter.close())

    def _read_all(self, events: list[ServerEvent]) -> list[Event]:
        out: list[Event] = []
        for event in events:
            if self._failed or self.complete:
                break
            if event.data == b"[DONE]":
                continue
            try:
                self._read(out, _decoder.decode(event.data))
            except (msgspec.DecodeError, ValueError, RecursionError):
                self._fail(out, "an event that cannot be read", None)
        return out

    def _read(self, out: list[Event], event: _Event) -> None:
        kind = event.type or ""
        if event.response is not None:
            self._response(out, kind, event.response)
        elif kind == "error" or event.error is not None:
            error = object_of(event.error)
            message = event.message or error.get("message") or event.error
            self._fail(out, str(message), text_of(event.code or error.get("code")) or None)
        else:
            self._item_event(out, event)

    def _response(self, out: list[Event], kind: str, response: dict[str, Any]) -> None:
        if not self._started:
            self._started = True
            started = Started(text_of(response.get("id")), text_of(response.get("model")))
            started.created = count(response.get("created_at"))
            started.service_tier = text_of(response.get("service_tier")) or None
            out.append(started)
        if kind == "response.failed":
            error = object_of(response.get("error"))
            self._fail(
                out, str(error.get("message") or "the response failed"), text_of(error.get("code")) or None
            )
        elif kind in ("response.completed", "response.incomplete"):
            self._finish(out, response)

    def _fail(self, out: list[Event], message: str, code: str | None) -> None:
        self._failed = True
        status = status_of(code)
        failed = Failed(f"{self._provider}: {message}", code=code, status=status)
        if status == 429:
            failed.type = "rate_limit_error"
        out.append(failed)

    def _item_event(self, out: list[Event], event: _Event) -> None:
        # Some servers leave the place out where only one item can be meant.
        index = self._open if event.output_index is None else event.output_index
        if index is None:
            return
        if self._open is not None and index != self._open:
            self._waiting.append(event)
            return
        if index in self._done:
            return
        self._open = index
        self._told(out, event)
        if event.type == "response.output_item.done":
            self._item_done(out)

    def _item_done(self, out: list[Event]) -> None:
        self._done.add(self._open)
        self._open = None
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._item_event(out, event)

    def _told(self, out: list[Event], event: _Event) -> None:
        blocks, delta = self._blocks, text_of(event.delta)
        match (event.type or "").removeprefix("response."):
            case "output_text.delta":
                blocks.text(out, delta, event.logprobs)
            case "refusal.delta":
                blocks.refusal(out, delta)
            case "reasoning_summary_text.delta" | "reasoning_text.delta" | "reasoning.delta":
                blocks.thought(out, delta)
            case "reasoning_summary_part.added":
                blocks.next_thought(out)
            case "function_call_arguments.delta" | "custom_tool_call_input.delta":
                blocks.argument(out, delta)
            case "output_text.annotation.added" if event.annotation is not None:
                blocks.cite(out, event.annotation)
            case "content_part.added":
                blocks.next_part(out)
            case "output_item.added" if event.item is not None:
                blocks.begin(out, event.item)
            case "output_item.done" if event.item is not None:
                blocks.end(out, event.item)

    def _finish(self, out: list[Event], response: dict[str, Any]) -> None:
        if self._open is not None:
            self._item_done(out)
        for index, item in enumerate(objects_of(response.get("output"))):
            if index not in self._done:  # some servers tell of an item only here
                self._blocks.begin(out, item)
                self._blocks.end(out, item)
        self._blocks.close(out)
        usage = usage_of(response)
        if usage is not None:
            out.append(Used(usage))
        finish, raw = finish_of(response, called=self._blocks.called)
        out.append(Finished(finish, raw))
        self.complete = True
