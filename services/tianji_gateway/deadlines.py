"""Deadlines that hardly ever come: thousands are set and dropped a second; one timer serves all of a kind.

A timer of the event loop costs more than looking a key up. What is put off by the same span comes due in
the order in which it was put off, so that one timer, for the first of them, is enough.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

_APART_S = 0.01
"""The timer of a span goes off this far apart at least, so that many deadlines in a row cost one."""
_CANCELLED = 512
"""So many may be cancelled before they are taken out of the queue."""
_SPANS = 64
"""Spans with a queue of their own; clients choose some, so there must be an end to it."""


class Due:
    """Something that is done later unless it is cancelled."""

    __slots__ = ("act", "at", "span")

    def __init__(self, span: Span, at: float, act: Callable[[], None]) -> None:
        self.span = span
        self.at = at
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        """Leave it undone; a second time does nothing."""
        if self.act is not None:
            self.act = None
            self.span.cancelled()


class Span:
    """All that is put off by the same time, in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self.loop = loop
        self._seconds = seconds
        self._queue: deque[Due] = deque()
        self._cancelled = 0
        self._waiting = False

    def put_off(self, act: Callable[[], None]) -> Due:
        """Do something when the span has passed."""
        due = Due(self, self.loop.time() + self._seconds, act)
        self._queue.append(due)
        if not self._waiting:
            self._wait(self._seconds)
        return due

    def cancelled(self) -> None:
        """Note that one of the queue is not wanted any more."""
        self._cancelled += 1
        if self._cancelled > _CANCELLED and self._cancelled * 2 > len(self._queue):
            self._queue = deque(due for due in self._queue if due.act is not None)
            self._cancelled = 0

    def _wait(self, seconds: float) -> None:
        self._waiting = True
        self.loop.call_later(seconds, self._come)

    def _come(self) -> None:
        """Do what is due, and wait for the next."""
        now = self.loop.time()
        while self._queue and (self._queue[0].act is None or self._queue[0].at <= now):
            due = self._queue.popleft()
            act, due.act = due.act, None
            if act is None:
                self._cancelled -= 1
            else:
                self.loop.call_soon(act)
        self._waiting = False
        if self._queue:
            self._wait(max(self._queue[0].at - now, _APART_S))


_spans: dict[float, Span] = {}


def put_off(seconds: float, act: Callable[[], None]) -> Due | asyncio.TimerHandle:
    """Do something later in the running event loop, a hundredth of a second late at most."""
    loop = asyncio.get_running_loop()
    span = _spans.get(seconds)
    if span is None or span.loop is not loop:
        if len(_spans) >= _SPANS and span is None:
            return loop.call_later(seconds, act)
        span = _spans[seconds] = Span(loop, seconds)
    return span.put_off(act)


class Within:
    """Bounds what the current task does inside: raises TimeoutError there when the time has passed."""

    __slots__ = ("_due", "_late", "_seconds", "_task")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._late = False

    def __enter__(self) -> None:
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        self._due = put_off(self._seconds, self._expire)

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._due.cancel()
        if self._late and self._task is not None:
            others = self._task.uncancel()
            if not others and kind is asyncio.CancelledError:
                raise TimeoutError from fault

    def _expire(self) -> None:
        if self._task is not None:
            self._late = True
            self._task.cancel()
