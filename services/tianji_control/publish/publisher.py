"""Carries committed changes from Postgres to NATS: in order, by one leader, until it is done.

The leader holds a session's advisory lock in Postgres. Within one Postgres snapshot it reads what
the outbox names, writes the records, then `head`, and forgets the notes as its transaction
commits. A crash anywhere leaves the notes, and writing a record twice does no harm. Because a
note names an object and not a value, what is written is always the object's newest state.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from msgspec import Struct
from psycopg import IsolationLevel

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET, KEYS_BUCKET
from tianji.domain.snapshot import CONFIG_KINDS, record_name
from tianji.obs import metrics
from tianji.store.locks import Lock
from tianji.store.pool import Store
from tianji.store.rows import Connection, many, one, run, value
from tianji_control.publish import align, buckets, compile
from tianji_control.publish.align import Published
from tianji_control.publish.compile import Q
from tianji_control.publish.head import Shares, head_of, put_head, update

log = logging.getLogger(__name__)

BATCH = 2000  # notes of the KEYS kinds in one turn; those of CONFIG are always taken together
TURN_S = 0.5
"""Without a notification the outbox is looked at this often; standby processes try for the lock."""
TURNS = 1000
"""A standby process tries this often on one connection, then on a new one."""
CHECK_BUCKETS_S = 2.0


class Note(Struct, frozen=True):
    """One row of the outbox."""

    id: int
    kind: str
    object_id: str


class Publisher:
    """One per process; of all control planes' publishers one leads at a time."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._progress = asyncio.Event()
        self._shares: Shares | None = None
        """The CONFIG bucket's records; None until it has been compared with Postgres."""
        self.leading = False
        self._led = False

    def suspect(self) -> None:
        """Compare NATS with Postgres before anything else is published: NATS may be another one."""
        self._shares = None

    @property
    def aligned(self) -> bool:
        """Whether this process leads and NATS holds what Postgres held when it was last compared."""
        return self._shares is not None

    async def progressed(self, timeout_s: float) -> None:
        """Wait until this process has published something, or for `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._progress.wait()
        except TimeoutError:
            return

    async def run(self) -> None:
        """Lead, when nobody else does, until something fails; meant to be called again and again."""
        async with self._store.dedicated() as db:
            if not await self._elected(db):
                return
            await db.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await run(db, Q.settle_in)
            await run(db, Q.listen)
            self.leading = True
            # Not worth a line where it merely leads on, over another connection.
            log.log(logging.DEBUG if self._led else logging.INFO, "publishing: this process leads")
            self._led = True
            try:
                await self._lead(db)
            finally:
                self.leading = False
                self._shares = None

    async def _elected(self, db: Connection) -> bool:
        """Stand by until the lock comes free; it is another process's, so it can only be tried for."""
        for _ in range(TURNS):
            if await value(db, Q.lead, bool, lock=Lock.PUBLISHER):
                return True
            self._led = False
            await asyncio.sleep(TURN_S)
        return False

    async def _lead(self, db: Connection) -> None:
        clock = asyncio.get_running_loop().time
        checked = clock()
        while True:
            if self._bus.connected:
                if self._shares is None:
                    await self._align(db)
                    checked = clock()
                while await self._publish(db):
                    continue
                if clock() - checked > CHECK_BUCKETS_S:
                    checked = clock()
                    await self._check_buckets(db)
                metrics.outbox_pending.set(0)
            else:
                metrics.outbox_pending.set(await value(db, Q.pending_count, int) or 0)
            async for _ in db.notifies(timeout=TURN_S, stop_after=1):
                continue

    async def _align(self, db: Connection) -> None:
        await self._bus.ensure_layout()
        async with db.transaction():
            self._shares = await align.align(db, self._bus)
        self._progressed()

    async def _check_buckets(self, db: Connection) -> None:
        published = await one(db, Q.published, Published)
        assert published is not None
        keys = await buckets.state(self._bus, KEYS_BUCKET)
        config = await buckets.state(self._bus, CONFIG_BUCKET)
        if align.replaced(published, keys) or config.last_sequence < published.config_sequence:
            log.warning("a bucket in NATS is not the one that was filled; filling it again")
            self.suspect()

    async def _publish(self, db: Connection) -> bool:
        """Publish what the outbox holds now; return whether it held more than one turn takes.

        Of what is noted meanwhile there will be a notification.
        """
        if self._shares is None:
            return False
        async with db.transaction():
            notes = await many(db, Q.pending, Note, config_kinds=list(CONFIG_KINDS), limit=BATCH)
            if not notes:
                return False
            try:
                await self._publish_notes(db, notes, self._shares)
            except BaseException:
                # Some records may be written: compare before the next head claims to know them all.
                self.suspect()
                raise
        self._progressed()
        return len(notes) >= BATCH

    async def _publish_notes(self, db: Connection, notes: list[Note], shares: Shares) -> None:
        changed: dict[str, dict[str, bytes | None]] = {CONFIG_BUCKET: {}, KEYS_BUCKET: {}}
        for kind in {note.kind for note in notes}:
            bucket = CONFIG_BUCKET if kind in CONFIG_KINDS else KEYS_BUCKET
            ids = [note.object_id for note in notes if note.kind == kind]
            for id, record in (await compile.records(db, kind, ids)).items():
                changed[bucket][record_name(kind, id)] = record
        published = await one(db, Q.published, Published)
        assert published is not None
        # With its session it loses the lock: whoever leads then may have written something newer.
        leads = partial(run, db, Q.still_here)
        keys_sequence = await buckets.write(self._bus, KEYS_BUCKET, changed[KEYS_BUCKET], leads)
        revision, config_sequence = published.revision, 0
        if changed[CONFIG_BUCKET]:
            await buckets.write(self._bus, CONFIG_BUCKET, changed[CONFIG_BUCKET], leads)
            await leads()
            update(shares, changed[CONFIG_BUCKET])
            revision += 1
            config_sequence = await put_head(self._bus, head_of(revision, shares))
        await run(
            db,
            Q.publish_done,
            revision=revision,
            config_sequence=config_sequence,
            keys_sequence=keys_sequence,
            ids=[note.id for note in notes],
        )

    def _progressed(self) -> None:
        self._progress.set()
        self._progress = asyncio.Event()
