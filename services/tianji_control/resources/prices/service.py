"""Loads price tables, and tells which one holds."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from tianji.domain.snapshot import PRICES
from tianji.pricing.catalog import Catalog, shipped
from tianji.pricing.packed import unpack
from tianji.store.pool import Store
from tianji.store.rows import Connection
from tianji_control.access.permits import Actor
from tianji_control.access.roles import Role
from tianji_control.change import Change
from tianji_control.resources.prices import store
from tianji_control.resources.prices.fetch import Fetched, NoSource, NotLoaded, fetch

log = logging.getLogger(__name__)

GLOBAL = "global"
SCHEDULE = Actor(role=Role.PROXY_ADMIN, user_id="schedule of prices")
"""Who loads prices that nobody asked for just now."""
LOOK_EVERY_S = 30.0


class Table(Struct, frozen=True, kw_only=True):
    """A price table as the audit log and pages name it."""

    version: str
    source: str
    models: int
    loaded_at: datetime | None = None
    shipped: bool = False


async def holding(db: Connection) -> Table:
    """Say which table holds: the one that was loaded, else the one that ships with the package."""
    row = await store.about(db)
    if row is None:
        return _shipped()
    return Table(version=row.version, source=row.source, models=row.models, loaded_at=row.loaded_at)


async def catalog(db: Connection) -> Catalog:
    """Open the table that holds."""
    row = await store.about(db)
    if row is None:
        return shipped()
    if row.version not in _opened:
        whole = await store.table(db)
        assert whole is not None
        opened = await asyncio.to_thread(unpack, whole.packed)
        _opened.clear()
        _opened[whole.version] = opened
        return opened
    return _opened[row.version]


async def save(change: Change, fetched: Fetched) -> Table:
    """Put a table in the place of the one that holds."""
    before = await holding(change.db)
    await store.save(
        change.db,
        version=fetched.version,
        source=fetched.source,
        models=fetched.models,
        packed=fetched.packed,
        loaded_by=change.actor.name,
    )
    after = await holding(change.db)
    await change.note(PRICES, GLOBAL, "prices:reload", before=before, after=after)
    return after


async def reload_when_due(rows: Store, url: str | None) -> None:
    """Load the table whenever its schedule says so; meant to be called again and again."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        async with rows.transaction() as db:
            due = await store.take_turn(db)
        if due:
            await load(rows, url)


async def load(rows: Store, url: str | None) -> None:
    """Load the table once; where that fails, the one before stays and the log says why."""
    try:
        fetched = await fetch(url)
    except (NoSource, NotLoaded) as fault:
        log.warning("%s", fault.message)
        return
    async with rows.transaction() as db:
        table = await save(Change(db, SCHEDULE), fetched)
    log.info("prices loaded", extra={"version": table.version, "models": table.models})


_opened: dict[str, Catalog] = {}
"""The table that was opened last, by its version."""


@lru_cache(maxsize=1)
def _shipped() -> Table:
    catalog = shipped()
    models = sum(1 for _ in catalog.names())
    return Table(version=catalog.version, source=catalog.source, models=models, shipped=True)
