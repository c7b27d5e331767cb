"""The client's side of one request: the body it sends, the bytes it gets, the moment it hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from functools import partial
from typing import Any

from tianji.errors import BadRequest, BodyTooLarge, ClientGone
from tianji_gateway.deadlines import Due, Within, put_off
from tianji_gateway.pulse import Pulse

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

_BODY_S = 300.0
_DISCARD = 64 << 20
_DISCARD_S = 5.0
_SENT = 16 << 10
"""A body up to this size is in the buffers of the client's socket before it reads: it sees an answer that
comes before its body was read. A larger one may still be being written, and the client would see a break."""
_WATCH_AFTER_S = 0.25
"""To watch takes a task, and a question to the server: what is answered sooner does without."""


class Caller:
    """Wraps ASGI's `receive` and `send` for one request.

    While a hang-up is watched for, it cancels the task that serves the request and sets `gone`:
    the server itself never raises for a client that is no longer there.
    """

    __slots__ = ("_pulse", "_receive", "_scope", "_send", "_timer", "_unread", "_watch", "gone", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._watch: asyncio.Future[Message] | None = None
        self._timer: asyncio.TimerHandle | Due | None = None
        self._pulse: Pulse | None = None
        self._unread = True
        self.gone = False
        self.status = 0
        """The status that was sent; 0 while the answer has not begun."""

    @property
    def started(self) -> bool:
        """Whether the head of the answer has been sent."""
        return self.status != 0

    async def body(self, declared: bytes | None, limit: int) -> bytes:
        """Read the whole body; raises BodyTooLarge as soon as it is known to pass `limit` bytes."""
        expected = int(declared[:20]) if declared is not None and declared.isdigit() else -1
        if expected > limit:
            raise _too_large(limit)
        parts: list[bytes] = []
        size = 0
        try:
            with Within(_BODY_S):
                while self._unread:
                    part = await self._piece()
                    size += len(part)
                    if size > limit:
                        raise _too_large(limit)
                    if part:
                        parts.append(part)
                    if size == expected:
                        self._unread = False  # spares asking for a last, empty piece
        except TimeoutError:
            raise BadRequest(f"the body did not arrive within {_BODY_S:g} s", status=408) from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives. Raises ClientGone when it breaks off."""
        while self._unread:
            if piece := await self._piece():
                yield piece

    async def _piece(self) -> bytes:
        """Return the next piece of the body; it may be empty. Raises ClientGone when it breaks off."""
        message = await self._receive()
        self._unread = message.get("more_body", False)
        if message["type"] == "http.disconnect":
            self.gone = True
            raise ClientGone("the connection broke off before the body was complete")
        piece: bytes = message.get("body", b"")
        return piece

    def watch(self) -> None:
        """Cancel the current task when the client hangs up; the body must have been read.

        The watch begins a moment later, so that a call answered at once does without it.
        """
        self._timer = put_off(_WATCH_AFTER_S, partial(self._listen, asyncio.current_task()))

    def keep_alive(self, every_s: float, piece: bytes, head: Callable[[], list[Header]]) -> None:
        """Send `piece` whenever nothing was sent for `every_s`; before the answer's head, send `head`.

        Every piece that is written must leave room for it behind.
        """

        async def beat() -> None:
            if not self.started:
                await self.start(200, head())
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

        self._pulse = Pulse(every_s, beat)

    def unwatch(self) -> None:
        """Stop watching; from here on a hang-up changes nothing."""
        if self._pulse is not None:
            self._pulse.stop()
        watch, self._watch = self._watch, None
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if watch is not None:
            watch.cancel()

    def keep_going(self) -> None:
        """Take back the cancellation of the current task: it was about the client, and has done its work."""
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()

    def _listen(self, serving: asyncio.Task[Any] | None) -> None:
        assert serving is not None
        if self._unread:
            return  # the client is still sending; a break in that is noticed there

        def hung_up(watch: asyncio.Future[Message]) -> None:
            if watch.cancelled() or self._watch is None or watch.exception() is not None:
                return
            if watch.result()["type"] == "http.disconnect":
                self.gone = True
                serving.cancel()
            else:
                self._listen(serving)  # the last, empty piece of the body

        self._watch = asyncio.ensure_future(self._receive())
        self._watch.add_done_callback(hung_up)

    async def start(self, status: int, headers: Iterable[Header]) -> None:
        """Send the head of an answer whose body comes in pieces."""
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def begin(self, head: Callable[[], list[Header]]) -> None:
        """Send the head of a good answer, unless a sign of life has sent one already."""
        pulse = self._pulse
        if pulse is not None:
            if pulse.beating is not None:
                await pulse.beating
            pulse.resting = False
        if not self.started:
            await self.start(200, head())
        if pulse is not None:
            pulse.resting = True

    async def hush(self) -> None:
        """Send no more signs of life; from here on it is settled whether the answer has begun."""
        if self._pulse is not None:
            if self.gone:
                self._pulse.stop()
            else:
                await self._pulse.end()

    async def write(self, piece: bytes) -> None:
        """Send a piece; returns when the server takes more."""
        pulse = self._pulse
        if pulse is None:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            return
        if pulse.beating is not None:
            await pulse.beating
        pulse.resting = False
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        pulse.resting, pulse.silent = True, False

    async def finish(self, piece: bytes = b"") -> None:
        """Send the last piece."""
        await self.hush()
        await self._send({"type": "http.response.body", "body": piece, "more_body": False})

    async def answer(self, status: int, headers: list[Header], body: bytes) -> None:
        """Send a whole answer."""
        if self._unread and _may_be_on_its_way(self._scope["headers"]):
            await self._discard()
        headers.append((b"content-length", b"%d" % len(body)))
        await self.start(status, headers)
        await self.finish(body)

    async def _discard(self) -> None:
        """Read what is left of the body: a client that is still sending would not see the answer."""
        size = 0
        try:
            with Within(_DISCARD_S):
                while self._unread:
                    size += len(await self._piece())
                    if size > _DISCARD:
                        return
        except (TimeoutError, ClientGone):
            pass


def _may_be_on_its_way(headers: Iterable[Header]) -> bool:
    """Say whether the client may not have written all of its body yet."""
    for name, value in headers:
        if name == b"content-length":
            return not value.isdigit() or len(value) > 18 or int(value) > _SENT
        if name == b"transfer-encoding":
            return True
    return False


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the request body is larger than {limit / (1 << 20):g} MB, the limit of this gateway; "
        "the operator can raise general_settings.max_request_size_mb"
    )
