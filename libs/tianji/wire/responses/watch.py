"""Looks at responses that pass untouched, and picks out what accounting needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from tianji.wire.chat.watch import message_of
from tianji.wire.front import Glance
from tianji.wire.responses.failures import status_of
from tianji.wire.responses.usage import read_usage
from tianji.wire.whole_events import WholeEvents, glanced, named, read

_LAST = ("response.completed", "response.incomplete", "response.failed")
_TELLING = tuple(f'"{kind}"'.encode() for kind in (*_LAST, "error"))


class _Item(Struct):
    type: Any = None
    action: Any = None


class _Reason(Struct):
    reason: Any = None


class _Response(Struct):
    id: Any = None
    model: Any = None
    status: Any = None
    usage: Any = None
    error: Any = None
    incomplete_details: _Reason | None = None
    output: list[_Item] | None = None


class _Event(Struct):
    type: Any = None
    delta: Any = None
    response: _Response | None = None
    error: Any = None
    message: Any = None
    code: Any = None


_event = msgspec.json.Decoder(_Event)
_response = msgspec.json.Decoder(_Response)


def glance(body: bytes) -> Glance:
    """Pick model, usage and finish out of a whole answer."""
    return glanced(_response, body, _note)


def _note(found: Glance, response: _Response) -> None:
    named(found, response.id, response.model)
    usage = read_usage(response.usage)
    if usage is not None:
        usage.web_searches = sum(_searched(item) for item in response.output or ())
        found.usage = usage
    details = response.incomplete_details
    reason = details.reason if details else None
    if isinstance(reason, str):
        found.finish = reason
    elif isinstance(response.status, str) and response.status not in ("in_progress", "queued"):
        found.finish = response.status


def _searched(item: _Item) -> bool:
    """Say whether an item is a web search that is charged for; opening a page it found is not."""
    if item.type != "web_search_call":
        return False
    return not isinstance(item.action, dict) or item.action.get("type", "search") == "search"


class ResponsesWatch(WholeEvents):
    """Follows a stream of the Responses API."""

    def __init__(self) -> None:
        super().__init__()
        self._error: Any = None

    def close(self) -> bytes:
        """Return what was held: a last event without the blank line that would end it."""
        kept = super().close()
        if self.glance.failed is None and self._error is not None:
            self._fail(self._error)
        return kept

    def _texts(self, data: bytes) -> Iterable[object]:
        event = read(_event, data)
        return (event.delta,) if event else ()

    def _tells(self, events: bytes) -> bool:
        return not self.glance.id or any(kind in events for kind in _TELLING)

    def _read(self, data: bytes) -> None:
        told = read(_event, data)
        if told is None:
            return
        if told.response is not None:
            _note(self.glance, told.response)
            if self.glance.usage is not None:
                self._raw.clear()
            if told.type == "response.failed":
                self._fail(told.response.error or "the provider's response failed")
            self.complete = self.complete or told.type in _LAST
        elif told.type == "error" or (told.type is None and told.error is not None):
            self._error = told.error or {"message": told.message, "code": told.code}
            if not self.glance.id:
                self._fail(self._error)
            # Else the response that failed is still to come, in most streams.

    def _fail(self, error: Any) -> None:
        found = error if isinstance(error, dict) else {"message": str(error)}
        self.glance.failed = message_of(error)
        self.glance.error = {**found, "status_code": status_of(found.get("code"))}
