"""The CONFIG bucket's records as shares of a digest, and the head that publishes them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET
from tianji.domain.snapshot import HEAD, Head, record_digest

Shares = dict[str, int]
"""Each record's name and its share of the digest (`domain.snapshot.Head`)."""

_MODULUS = 1 << 256


def update(shares: Shares, changed: Mapping[str, bytes | None]) -> None:
    """Carry changed records over into the shares."""
    for name, record in changed.items():
        if record is None:
            shares.pop(name, None)
        else:
            shares[name] = record_digest(name, record)


def head_of(revision: int, shares: Shares) -> Head:
    """Return the head that publishes these records."""
    return Head(revision, f"{sum(shares.values()) % _MODULUS:064x}", len(shares))


async def put_head(bus: Bus, head: Head) -> int:
    """Publish a revision whose records are all written; return the head's sequence."""
    return await bus.kv_put(CONFIG_BUCKET, HEAD, msgspec.json.encode(head))


def read_head(value: bytes | None) -> Head | None:
    """Read a head as NATS holds it; None for one that is missing or damaged."""
    if value is None:
        return None
    try:
        return msgspec.json.decode(value, type=Head)
    except msgspec.MsgspecError:
        return None
