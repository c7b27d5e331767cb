"""Writes down what is to be told: each once, whoever finds it and however often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tianji.domain.events import Refused
from tianji.store.rows import Connection, run
from tianji_worker.alerts.event import CROSSED, Alert
from tianji_worker.alerts.holders import Q

LONGEST = 512
"""An id that is longer is not told of: no index would take it."""


async def note(db: Connection, alerts: Sequence[Alert]) -> None:
    """Write alerts that are not known yet."""
    found = [one for one in alerts if len(one.bound) <= LONGEST]
    if not found:
        return
    await run(
        db,
        Q.note,
        bounds=[one.bound for one in found],
        windows=[one.window_id for one in found],
        events=[one.event for one in found],
        percents=[one.percent for one in found],
        limits=[one.limit_nano for one in found],
        spent=[one.spent_nano for one in found],
    )


async def note_refusals(db: Connection, refused: Iterable[Refused | None]) -> None:
    """Write down which budgets refused calls, in the transaction that the calls are written in."""
    alerts = [
        Alert(
            bound=one.bound, window_id=one.window, event=CROSSED, limit_nano=Decimal(one.limit_nano),
            spent_nano=Decimal(one.spent_nano),
        )
        for one in set(refused)
        if one is not None
    ]  # fmt: skip
    await note(db, alerts)
