"""Which deployments failed in this minute, as this process saw it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from time import monotonic

FEW = 1
"""So many failures of a deployment in a minute are no sign of trouble."""
_MINUTE_S = 60.0


class Failures:
    """Counts failures by deployment, minute by minute."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._minute = 0.0
        self._counts: Counter[str] = Counter()

    def note(self, deployment_id: str) -> None:
        """Note that a deployment failed."""
        self._turn()
        self._counts[deployment_id] += 1

    def strained(self, deployment_ids: Iterable[str]) -> bool:
        """Say whether any of these deployments has failed more than a few times in this minute."""
        if not self._counts:
            return False
        self._turn()
        return any(self._counts[id] > FEW for id in deployment_ids)

    def _turn(self) -> None:
        minute = self._clock() // _MINUTE_S
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
