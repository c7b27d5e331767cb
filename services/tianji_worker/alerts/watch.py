"""Finds out of the ledger which budgets have come near their end, or passed their soft amount.

What was charged is looked at a moment later, so that the ledger never waits. What a worker that died had
not looked at is found when the next one begins.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import psycopg
from msgspec import Struct
from psycopg.types.json import Jsonb

from tianji.domain.events import Charge
from tianji.store.pool import Store
from tianji.store.rows import Connection, many, run
from tianji_worker.alerts.amounts import amounts_of
from tianji_worker.alerts.event import LISTED, Alert, alerts_of
from tianji_worker.alerts.holders import Q, holders, named
from tianji_worker.alerts.message import told_of
from tianji_worker.alerts.noted import note
from tianji_worker.alerts.recipients import recipients
from tianji_worker.alerts.targets import NOBODY, Targets, mail_target
from tianji_worker.ledger.rows import Row

EVERY_S = 1.0
PAGE = 500
LOOK_BACK = timedelta(hours=1)
MOST = 100_000
"""Windows that wait to be looked at; beyond that they are left to their next call."""


class Sum(Struct, frozen=True):
    """What a window was charged."""

    bound: str
    window_id: str
    spent_nano: Decimal = Decimal(0)


class Unplanned(Alert, frozen=True, kw_only=True):
    """An alert of which it is not settled yet who is told."""

    id: int
    at: float
    """When it was found out, seconds since 1970."""


class Watch:
    """Looks at what the ledger has charged."""

    def __init__(self, store: Store, targets: Targets) -> None:
        self._store = store
        self._read = targets.read
        self._charged: set[Charge] = set()
        self.aim = NOBODY
        """Where alerts go now."""

    def charged(self, rows: Iterable[Row]) -> None:
        """Note what calls were charged to; called by the ledger when they are written."""
        if self.aim.anywhere and len(self._charged) < MOST:
            self._charged.update(charge for row in rows for charge in row.charges)

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Write down what is to be told, and to whom."""
        async with self._store.connection() as db:
            before, aim = self.aim, await self._read(db)
            self.aim = aim
            if not aim.wanted:
                await run(db, Q.forget_unplanned)
            if aim.anywhere and not before.anywhere:
                since = datetime.now(UTC) - LOOK_BACK
                found = await many(db, Q.charged_since, Sum, since=since)
                self._charged.update(Charge(one.bound, one.window_id) for one in found)
        if not aim.anywhere:
            self._charged.clear()
            return
        waiting, self._charged = list(self._charged), set()
        try:
            for first in range(0, len(waiting), PAGE):
                await self._find(waiting[first : first + PAGE])
        except (psycopg.Error, OSError):
            self._charged.update(waiting)
            raise
        while await self._plan() == PAGE:
            pass

    async def _find(self, some: Sequence[Charge]) -> None:
        bounds, windows = [one.bound for one in some], [one.window for one in some]
        async with self._store.transaction() as db:
            sums = await many(db, Q.windows, Sum, bounds=bounds, windows=windows)
            names = {one.bound: name for one in sums if (name := named(one.bound))}
            found = await holders(db, names.values())
            alerts: list[Alert] = []
            now = time.time()
            for one in sums:
                name = names.get(one.bound)
                holder = None if name is None else found.get((name.kind, name.id))
                if name is not None and holder is not None:
                    amounts = amounts_of(name, holder, now)
                    alerts += alerts_of(one.bound, one.window_id, one.spent_nano, amounts, now)
            await note(db, alerts)

    async def _plan(self) -> int:
        """Settle what is told of new alerts, and to whom."""
        async with self._store.transaction() as db:
            alerts = await many(db, Q.unplanned, Unplanned, limit=PAGE)
            await self._settle(db, alerts)
        return len(alerts)

    async def _settle(self, db: Connection, alerts: Sequence[Unplanned]) -> None:
        names = {one.bound: name for one in alerts if (name := named(one.bound))}
        found = await holders(db, names.values())
        for one in alerts:
            name = names.get(one.bound)
            holder = None if name is None else found.get((name.kind, name.id))
            told = told_of(one, name, holder, one.at)
            await run(db, Q.plan, id=one.id, told=Jsonb(told, dumps=msgspec.json.encode))
            targets = [] if one.event == LISTED else [target.id for target in self.aim.targets]
            if self.aim.mail is not None:
                everything = self.aim.mail.every_event
                emails = await recipients(db, one, name, holder, all_events=everything)
                targets += [mail_target(email) for email in emails]
            await run(db, Q.address, id=one.id, targets=targets)
