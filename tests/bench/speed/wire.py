"""Just enough HTTP/1.1 to see where a message ends, as cheaply as Python can."""

from __future__ import annotations

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_LAST_CHUNK = b"0\r\n\r\n"


class Message:
    """The message that is arriving on a connection; nothing comes behind it before it is answered."""

    __slots__ = ("_chunked", "_head", "_missing", "first_line")

    def __init__(self) -> None:
        self.first_line = b""
        self._head = b""
        self._missing = -1
        self._chunked = False

    def feed(self, data: bytes) -> bool:
        """Take bytes; return whether the message is complete, and be ready for the next one then."""
        if not self.first_line:
            data = self._head + data
            end = data.find(_HEAD_END)
            if end < 0:
                self._head = data
                return False
            self._begin(data[:end])
            data = data[end + len(_HEAD_END) :]
        if self._chunked:
            complete = data.endswith(_LAST_CHUNK)
        else:
            self._missing -= len(data)
            complete = self._missing <= 0
        if complete:
            self._head = b""
        return complete

    def reset(self) -> None:
        """Begin anew."""
        self.first_line = b""

    def _begin(self, head: bytes) -> None:
        self.first_line = head[: head.find(b"\r\n")]
        lower = head.lower()
        at = lower.find(_LENGTH)
        self._chunked = at < 0
        if at >= 0:
            end = lower.find(b"\r\n", at)
            self._missing = int(lower[at + len(_LENGTH) : end if end >= 0 else None])
