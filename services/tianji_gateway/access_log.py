"""One line per request on stderr, in the shape of the process's log.

Written beside `logging` and in batches: a record, a formatter and a write per request would cost
half as much as serving it. What is in a line is never a secret: no query, no header, no body.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from functools import lru_cache

import msgspec
from msgspec import Struct

_FLUSH_S = 0.1
_STDERR = 2


class Line(Struct, omit_defaults=True, kw_only=True):
    """What is told of a request; fields that hold nothing are left out."""

    time: str = ""
    level: str
    logger: str
    message: str
    request_id: str = ""
    route: str
    status: int
    ms: float
    client_ip: str | None = None
    key: str | None = None
    team: str | None = None
    model: str | None = None
    deployment: str | None = None
    attempts: int = 0
    upstream_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: str | None = None
    error: str | None = None


class AccessLog:
    """Gathers lines for a moment, then writes them at once."""

    def __init__(self, format: str = "") -> None:
        """An empty `format` means text on a terminal and JSON elsewhere."""
        self._text = (format or ("text" if sys.stderr.isatty() else "json")) == "text"
        self._encode = msgspec.json.Encoder().encode
        self._waiting: list[bytes] = []

    def write(self, line: Line) -> None:
        """Take a line; it is on stderr a tenth of a second later."""
        at = time.time()
        line.time = f"{_second(int(at))}.{int(at % 1 * 1000):03d}+00:00"
        self._waiting.append(_as_text(line) if self._text else self._encode(line) + b"\n")
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(_FLUSH_S, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        data = memoryview(b"".join(self._waiting))
        self._waiting.clear()
        while data:
            try:
                data = data[os.write(_STDERR, data) :]
            except OSError:
                return  # nobody reads the log any more; requests go on


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


def _as_text(line: Line) -> bytes:
    fields = msgspec.structs.asdict(line)
    shown = [fields.pop("time")[11:23], f"{fields.pop('level'):<7}", fields.pop("logger")]
    request_id, message = fields.pop("request_id"), fields.pop("message")
    shown += [f"[{request_id}]", message] if request_id else [message]
    shown += [f"{name}={value}" for name, value in fields.items() if value not in (None, 0)]
    return " ".join(shown).encode(errors="backslashreplace") + b"\n"
