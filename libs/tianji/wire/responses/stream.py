"""Events of an answer: to the events of the Responses API.

Every item opens, grows and closes within `output_item.added` and `.done`; texts that follow one
another are parts of one message, which closes when something else begins.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import msgspec

from tianji.errors import TianjiError
from tianji.wire import envelope
from tianji.wire.neutral import (
    Ask,
    Block,
    BlockStarted,
    BlockStopped,
    Event,
    Failed,
    Finished,
    Grew,
    Started,
    Usage,
    Used,
)
from tianji.wire.responses.ask import names_of
from tianji.wire.responses.growing import Growing, Message
from tianji.wire.responses.growing_items import grown
from tianji.wire.responses.output import is_content, message_item, shown_item
from tianji.wire.responses.usage import write_usage
from tianji.wire.responses.write import ending, skeleton
from tianji.wire.values import Object


def server_event(kind: str, fields: Object) -> bytes:
    """Write one event with its name."""
    data = msgspec.json.encode({"type": kind, **fields})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def failure(error: TianjiError) -> Object:
    """Write the error of a response that failed, with the codes that clients know."""
    code = error.code or {429: "rate_limit_exceeded"}.get(error.status, "server_error")
    return {"code": code, "message": error.message}


def last_events(error: TianjiError, response: Object) -> list[tuple[str, Object]]:
    """Return what ends a stream that failed: an error, and the response with it.

    OpenAI's documents have the error's fields in the event itself, its servers send them under `error`.
    """
    told = failure(error)
    fields = {**told, "param": error.param}
    return [
        ("error", {**fields, "error": {"type": error.type, **fields}}),
        ("response.failed", {"response": {**response, "status": "failed", "error": told}}),
    ]


class ResponsesEncoder:
    """Writes one stream; of several choices the first."""

    def __init__(self, ask: Ask, *, model: str) -> None:
        self._ask = ask
        self._names = names_of(ask)
        self._model = model
        self._response: Object = {}
        self._number = 0
        self._items: list[Object] = []
        self._message: Message | None = None
        self._open: Growing | None = None
        self._usage: Usage | None = None
        self._tier: str | None = None
        self._finished: Finished | None = None
        self._failed = False

    def encode(self, events: Iterable[Event]) -> bytes:
        """Return the bytes of these events."""
        out: list[bytes] = []
        for event in events:
            if self._failed:
                break
            match event:
                case Grew() if event.choice == 0 and self._open is not None:
                    self._tell(out, self._open.grow(event))
                case BlockStarted() if event.choice == 0:
                    self._start_block(out, event.block)
                case BlockStopped() if event.choice == 0:
                    self._stop_block(out, event.block)
                case Started():
                    self._start(out, event)
                case Finished() if event.choice == 0:
                    self._finished = event
                case Used(usage=usage):
                    self._usage = usage
                case Failed():
                    self._fail(out, envelope.from_failed(event))
        return b"".join(out)

    def close(self) -> bytes:
        """Return the end of the response; nothing after an error."""
        if self._failed:
            return b""
        out: list[bytes] = []
        self._start(out, Started())
        finished = self._finished or Finished("stop")
        refused = any(
            part.get("type") == "refusal" for item in self._items for part in item.get("content", ())
        ) or (self._message is not None and self._message.refuses())
        end = ending(finished.finish, refused=refused)
        self._stop_all(out, "completed" if end["status"] == "completed" else "incomplete")
        self._response |= end | {"output": self._items}
        if self._usage is not None:
            self._response["usage"] = write_usage(self._usage)
        if end["status"] == "completed":
            self._response["completed_at"] = int(time.time())
        self._tell(out, [(f"response.{end['status']}", {"response": self._response})])
        return b"".join(out)

    def _tell(self, out: list[bytes], events: Iterable[tuple[str, Object]]) -> None:
        for kind, fields in events:
            out.append(server_event(kind, {"sequence_number": self._number, **fields}))
            self._number += 1

    def _start(self, out: list[bytes], started: Started) -> None:
        if self._response:
            return
        self._response = skeleton(self._ask, started.id, started.model or self._model, started.created)
        if started.service_tier is not None:
            self._response["service_tier"] = started.service_tier
        for kind in ("response.created", "response.in_progress"):
            self._tell(out, [(kind, {"response": self._response})])

    def _start_block(self, out: list[bytes], block: Block) -> None:
        self._start(out, Started())
        if is_content(block):
            self._stop_open(out, "completed")
            if self._message is None:
                self._message = Message(len(self._items))
                self._tell(out, self._message.start())
            self._open = self._message.part(block)
        else:
            self._stop_all(out, "completed")
            self._open = grown(block, len(self._items), self._names)
        if self._open is not None:
            self._tell(out, self._open.start())

    def _stop_block(self, out: list[bytes], whole: Block | None) -> None:
        if self._open is not None:
            self._stop_open(out, "completed")
        elif whole is not None and (item := shown_item(whole)) is not None:
            self._show(out, item)

    def _stop_open(self, out: list[bytes], status: str) -> None:
        held, self._open = self._open, None
        if held is None:
            return
        self._tell(out, held.stop(status))
        if (item := held.item(status)) is not None:
            self._items.append(item)

    def _stop_all(self, out: list[bytes], status: str) -> None:
        """Close what is open; `status` tells whether the model came to an end of it."""
        last_item_open = self._open is not None or self._message is not None
        self._stop_open(out, status)
        if self._message is not None:
            message, self._message = self._message, None
            self._tell(out, message.stop(status))
            self._items.append(message_item(message.id, message.content, status))
        elif not last_item_open and self._items and status != "completed" and "status" in self._items[-1]:
            self._items[-1]["status"] = status

    def _show(self, out: list[bytes], item: Object) -> None:
        self._stop_all(out, "completed")
        place: dict[str, Any] = {"output_index": len(self._items), "item": item}
        self._tell(out, [("response.output_item.added", place), ("response.output_item.done", place)])
        self._items.append(item)

    def _fail(self, out: list[bytes], error: TianjiError) -> None:
        self._start(out, Started())
        self._failed = True
        self._tell(out, last_events(error, {**self._response, "output": self._items}))
