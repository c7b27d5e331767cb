"""Looks at counts and rows until they agree, or for as long as one is willing to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from tianji.store.pool import Store
from tianji_control.resources.spend import store as ledger
from tianji_control.resources.spend.reconcile import Figures, differences

LOOK_S = 1.0
AHEAD = timedelta(hours=1)
"""A gateway's clock may be ahead of ours."""

Key = tuple[datetime, str]
Lives = Callable[[str], bool]


class Line(Struct, frozen=True):
    """One gateway process and hour."""

    hour: datetime
    figures: Figures
    lives: bool
    differences: dict[str, int]


def hours_between(since: datetime, now: datetime) -> list[datetime]:
    """List the hours of a span, the current and the next one included."""
    hour, hours = since.replace(minute=0, second=0, microsecond=0), []
    while hour <= now + AHEAD:
        hours.append(hour)
        hour += timedelta(hours=1)
    return hours


async def compare(store: Store, hours: Iterable[datetime], lives: Lives, wait_s: float) -> list[Line]:
    """Compare the calls of some hours; what does not fit is looked at again until it does or time is up."""
    clock = asyncio.get_running_loop().time
    until = clock() + wait_s
    first = await _look(store, hours)
    last = dict(first)
    while True:
        lines = [_line(key, first[key], last[key], lives(key[1])) for key in sorted(first)]
        unfit = {line.hour for line in lines if line.differences}
        if not unfit or clock() >= until:
            return lines
        await asyncio.sleep(min(LOOK_S, max(0.0, until - clock())))
        last |= await _look(store, sorted(unfit))


async def _look(store: Store, hours: Iterable[datetime]) -> dict[Key, Figures]:
    found: dict[Key, Figures] = {}
    async with store.connection() as db:
        for hour in hours:
            found |= {(hour, one.gateway_id): one for one in await ledger.figures(db, hour)}
    return found


def _line(key: Key, first: Figures, last: Figures, lives: bool) -> Line:
    return Line(key[0], last, lives, differences(first, last, lives=lives))
