"""Forgets what was told long ago, and what nobody can be told any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from tianji.store.rows import Connection, run, value
from tianji_worker.alerts.holders import Q

KEPT = timedelta(days=400)
WAITS = timedelta(days=2)
"""Longer than any address is asked for."""


async def forget(db: Connection, now: datetime) -> int:
    """Delete alerts of windows that ended long ago; return how many those were."""
    await run(db, Q.give_up, before=now - WAITS)
    return await value(db, Q.forget, int, before=now - KEPT) or 0
