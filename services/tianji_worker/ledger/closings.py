"""What a gateway says when one of its processes has ended. Pure."""

from __future__ import annotations

import msgspec

from tianji.domain.events import ProcessClosed
from tianji_worker.ledger.rows import Poison

VERSION = 1
_decoder = msgspec.json.Decoder(ProcessClosed)


def closed_of(payload: bytes) -> str:
    """Return the process that has ended. Raises Poison."""
    try:
        told = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Poison(f"not the end of a process: {fault}") from None
    if told.version > VERSION:
        raise Poison(f"an end of version {told.version} is newer than this worker's {VERSION}")
    if not told.gateway_id or "\x00" in told.gateway_id:
        raise Poison("the name of a process is empty or holds a NUL")
    return told.gateway_id
