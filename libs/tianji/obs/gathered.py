"""Metrics gathered in plain numbers and handed over once a second.

A counter that worker processes share lives in a mapped file behind a lock. A request touches a dozen
of them, which would cost more than reading and routing it; adding to a number costs next to nothing.
One event loop only.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left

from prometheus_client import Counter, Gauge, Histogram

FLUSH_S = 1.0


class Sum:
    """What a counter or gauge is to be raised by."""

    __slots__ = ("_metric", "_pending")

    def __init__(self, metric: Counter | Gauge) -> None:
        self._metric = metric
        self._pending = 0.0

    def add(self, amount: float) -> None:
        """Raise it; lower a gauge with a negative amount."""
        self._pending += amount

    def flush(self) -> None:
        """Hand over what has gathered."""
        if self._pending:
            pending, self._pending = self._pending, 0.0
            self._metric.inc(pending)


class Spread:
    """What a histogram is to be raised by."""

    __slots__ = ("_bounds", "_counts", "_metric", "_sum")

    def __init__(self, metric: Histogram) -> None:
        self._metric = metric
        self._bounds = list(metric._upper_bounds)
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def flush(self) -> None:
        """Hand over what has gathered: the library's own `observe` takes one value at a time."""
        for bucket, count in enumerate(self._counts):
            if count:
                self._metric._buckets[bucket].inc(count)
                self._counts[bucket] = 0
        if self._sum:
            self._metric._sum.inc(self._sum)
            self._sum = 0.0


class Gathered:
    """All that gathers in one process."""

    def __init__(self) -> None:
        self._all: list[Sum | Spread] = []
        self._timer: asyncio.TimerHandle | None = None

    def sum(self, metric: Counter | Gauge) -> Sum:
        """Gather for a counter or gauge."""
        made = Sum(metric)
        self._all.append(made)
        return made

    def spread(self, metric: Histogram) -> Spread:
        """Gather for a histogram."""
        made = Spread(metric)
        self._all.append(made)
        return made

    def touch(self) -> None:
        """Have what was added handed over within a second."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self.flush)

    def flush(self) -> None:
        """Hand over everything now: before it is read, and at the end of the process."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for one in self._all:
            one.flush()
