"""Writing records to a bucket, a lot at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tianji.errors import Unavailable
from tianji_control.publish import buckets


class Store:
    """Takes what is put."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.sequence = 0

    async def kv_put(self, bucket: str, name: str, value: bytes) -> int:
        self.held[name] = value
        self.sequence += 1
        return self.sequence

    async def kv_delete(self, bucket: str, name: str) -> int:
        self.held.pop(name, None)
        self.sequence += 1
        return self.sequence


def names(count: int) -> dict[str, bytes | None]:
    return {f"key.{number}": b"{}" for number in range(count)}


async def test_values_are_put_and_deleted_and_the_last_sequence_returned() -> None:
    store: Any = Store()
    assert await buckets.write(store, "KEYS", names(buckets.PARALLEL + 1)) == buckets.PARALLEL + 1
    assert await buckets.write(store, "KEYS", {"key.0": None}) == buckets.PARALLEL + 2

    assert len(store.held) == buckets.PARALLEL
    assert await buckets.write(store, "KEYS", {}) == 0


async def test_who_may_not_write_any_more_writes_no_further_lot() -> None:
    store: Any = Store()
    asked = 0

    async def may() -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise Unavailable("another process leads")

    with pytest.raises(Unavailable):
        await buckets.write(store, "KEYS", names(3 * buckets.PARALLEL), may)

    assert len(store.held) == buckets.PARALLEL
