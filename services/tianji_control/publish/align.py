"""Makes NATS hold what Postgres holds: at the start of leading, and whenever NATS may be another one.

CONFIG is compared record by record. KEYS may hold millions: it is filled again only when the bucket
is another one than the one that was filled, was set back, or is empty.
"""

from __future__ import annotations

import logging

from msgspec import Struct

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET, KEYS_BUCKET
from tianji.domain.snapshot import CONFIG_KINDS, HEAD, LOOKUP_KINDS, record_id, record_name
from tianji.store.rows import Connection, one, run
from tianji_control.publish import buckets, compile
from tianji_control.publish.buckets import BucketState
from tianji_control.publish.compile import Q
from tianji_control.publish.head import Shares, head_of, put_head, read_head, update

log = logging.getLogger(__name__)

SWEEP = 1000


class Published(Struct, frozen=True):
    """What was published last, as Postgres remembers it."""

    revision: int
    config_sequence: int
    keys_sequence: int
    keys_bucket: str


def replaced(published: Published, keys: BucketState) -> bool:
    """Say whether the KEYS bucket is not the one that was filled, or lost what was in it."""
    lost = keys.last_sequence < published.keys_sequence
    emptied = keys.messages == 0 and published.keys_sequence > 0
    return keys.identity != published.keys_bucket or lost or emptied


async def align(db: Connection, bus: Bus) -> Shares:
    """Bring both buckets to the state of this transaction's snapshot; return CONFIG's shares."""
    published = await one(db, Q.published, Published)
    assert published is not None
    keys = await buckets.state(bus, KEYS_BUCKET)
    keys_sequence = published.keys_sequence
    if replaced(published, keys):
        keys_sequence = await _fill_keys(db, bus, keys)
    shares, revision, config_sequence = await _align_config(db, bus, published)
    await run(
        db,
        Q.buckets_replaced,
        revision=revision,
        config_sequence=config_sequence,
        keys_sequence=keys_sequence,
        keys_bucket=keys.identity,
    )
    return shares


async def _align_config(db: Connection, bus: Bus, published: Published) -> tuple[Shares, int, int]:
    there = await bus.kv_all(CONFIG_BUCKET)
    value, sequence = there.pop(HEAD, (None, 0))
    wanted: dict[str, bytes | None] = {}
    for kind in CONFIG_KINDS:
        async for page in compile.all_records(db, kind):
            wanted |= {record_name(kind, id): record for id, record in page.items()}
    changed = {name: record for name, record in wanted.items() if there.get(name, (None,))[0] != record}
    changed |= dict.fromkeys(there.keys() - wanted.keys())
    shares: Shares = {}
    update(shares, wanted)
    head = read_head(value)
    revision = max(published.revision, head.revision if head else 0)
    if head == head_of(revision, shares) and not changed:
        return shares, revision, sequence
    await buckets.write(bus, CONFIG_BUCKET, changed)
    log.info("CONFIG brought up to date", extra={"records": len(changed), "revision": revision + 1})
    return shares, revision + 1, await put_head(bus, head_of(revision + 1, shares))


async def _fill_keys(db: Connection, bus: Bus, keys: BucketState) -> int:
    """Write all records of KEYS, then remove what the bucket held that is not there any more."""
    written, highest = 0, 0
    for kind in LOOKUP_KINDS:
        async for page in compile.all_records(db, kind):
            records = {record_name(kind, id): record for id, record in page.items()}
            highest = max(highest, await buckets.write(bus, KEYS_BUCKET, records))
            written += len(records)
    if keys.messages:
        highest = max(highest, await _sweep_keys(db, bus))
    log.info("KEYS filled", extra={"records": written})
    return highest or keys.last_sequence


async def _sweep_keys(db: Connection, bus: Bus) -> int:
    highest = 0
    names: list[str] = []
    async with bus.watch(KEYS_BUCKET) as watch:
        while not watch.caught_up:
            entry = await watch.next()
            if entry is not None and entry.value is not None:
                names.append(entry.name)
            if len(names) >= SWEEP:
                highest = max(highest, await _delete_gone(db, bus, names))
                names = []
    return max(highest, await _delete_gone(db, bus, names))


async def _delete_gone(db: Connection, bus: Bus, names: list[str]) -> int:
    """Delete those of these names that Postgres has no row for, or whose kind nobody knows."""
    ids: dict[str, dict[str, str]] = {}
    gone: list[str] = []
    for name in names:
        kind, id = record_id(name)
        if kind in LOOKUP_KINDS:
            ids.setdefault(kind, {})[id] = name
        else:
            gone.append(name)
    for kind, named in ids.items():
        found = await compile.records(db, kind, named)
        gone += [named[id] for id, record in found.items() if record is None]
    return await buckets.delete(bus, KEYS_BUCKET, gone)
