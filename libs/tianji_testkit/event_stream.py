"""AWS' binary event streams, written as a server writes them."""

from __future__ import annotations

import base64
import json
from typing import Any
from zlib import crc32


def frame(payload: bytes, **headers: str) -> bytes:
    """Return one frame; a header `event_type` is written `:event-type`."""
    head = b"".join(
        bytes([len(name) + 1]) + f":{name.replace('_', '-')}".encode() + _string(value)
        for name, value in headers.items()
    )
    length = 16 + len(head) + len(payload)
    prelude = length.to_bytes(4, "big") + len(head).to_bytes(4, "big")
    prelude += crc32(prelude).to_bytes(4, "big")
    whole = prelude + head + payload
    return whole + crc32(whole).to_bytes(4, "big")


def _string(value: str) -> bytes:
    encoded = value.encode()
    return b"\x07" + len(encoded).to_bytes(2, "big") + encoded


def event(kind: str, payload: Any) -> bytes:
    """Return a frame of an answer; its payload is JSON."""
    return frame(
        json.dumps(payload, ensure_ascii=False).encode(),
        event_type=kind,
        content_type="application/json",
        message_type="event",
    )


def exception(kind: str, payload: Any) -> bytes:
    """Return a frame that ends a stream with an exception."""
    return frame(
        json.dumps(payload).encode(),
        exception_type=kind,
        content_type="application/json",
        message_type="exception",
    )


def chunk(inner: Any) -> bytes:
    """Return a frame of InvokeModel's stream."""
    return event("chunk", {"bytes": base64.b64encode(json.dumps(inner).encode()).decode(), "p": "abc"})
