"""Signals as values to wait for, so that one plain loop can supervise."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


class Signals:
    """The signals that arrived; SIGCHLD only ends a wait early."""

    def __init__(self, reader: int) -> None:
        self._reader = reader

    def wait(self, timeout_s: float) -> list[signal.Signals]:
        """Wait for signals, at most this long, and return those that came."""
        ready, _, _ = select.select([self._reader], [], [], timeout_s)
        if not ready:
            return []
        return [signal.Signals(number) for number in os.read(self._reader, 256)]


@contextmanager
def heard() -> Iterator[Signals]:
    """Collect signals for as long as the block runs; call it in the main thread."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = {number: signal.signal(number, _nothing) for number in HEARD}
    # Job control would stop us and leave the parts running unattended.
    before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield Signals(reader)
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reader)
        os.close(writer)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Be a handler, so that the signal is written to the wakeup descriptor."""
