"""How long a call waits while what is left of a budget is only reserved, by calls that will cost less."""

from __future__ import annotations

import asyncio
from time import monotonic

from tianji.limits.contract import Exhausted
from tianji_gateway.snapshot.model import Snapshot
from tianji_gateway.snapshot.params import number_of

WAIT_S = 10.0
"""How long at most, where the config does not say it."""
MOST_WAITING = 1000
"""So many calls of a process wait at once; the next one is refused as if there were no waiting."""
_FIRST_LOOK_S = 0.02
_LAST_LOOK_S = 0.25


class Patience:
    """How long one call still waits, and when it looks again."""

    __slots__ = ("_look_s", "_until")

    def __init__(self, snapshot: Snapshot) -> None:
        said = snapshot.settings.general.get("budget_wait_seconds")
        self._until = monotonic() + (WAIT_S if said is None else number_of(said) or 0.0)
        self._look_s = _FIRST_LOOK_S

    async def look(self) -> bool:
        """Sleep until it is time to ask again; False when there is no more time."""
        left_s = self._until - monotonic()
        if left_s <= 0:
            return False
        await asyncio.sleep(min(self._look_s, left_s))
        self._look_s = min(self._look_s * 1.5, _LAST_LOOK_S)
        return True


def may_come(exhausted: Exhausted, needs_nano: int) -> bool:
    """Say whether what lacks of a budget is only reserved by other calls, which may give it back."""
    bound = exhausted.bound
    return bound.kind == "budget" and needs_nano <= bound.limit - exhausted.spent
