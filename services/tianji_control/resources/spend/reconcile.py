"""Compares what gateways counted with what the ledger holds, by gateway process and hour. Pure.

Counts and rows arrive on their own while calls go on, so one look at both may catch them apart. Both
only grow. So what was counted at a first look and has no row at a later one is missing, whatever
came in between; and the other way round. For an hour that is over, the two looks are the same.
"""

from __future__ import annotations

from msgspec import Struct

KINDS = ("ended", "interrupted", "uncalled")

ROWS_MISSING = "rows_missing"
"""Calls ended and were shipped, but have no row."""
ROWS_UNCOUNTED = "rows_uncounted"
"""Rows of calls that no gateway counted."""
NEVER_BEGAN = "never_began"
"""Calls ended whose beginning was not recorded."""
NEVER_ENDED = "never_ended"
"""Calls began in a process that is gone, and nobody has taken over its spool yet."""


class Figures(Struct, frozen=True, kw_only=True):
    """The calls of one gateway process and hour: as counted, then as rows."""

    gateway_id: str
    began: int = 0
    ended: int = 0
    interrupted: int = 0
    uncalled: int = 0
    ended_rows: int = 0
    interrupted_rows: int = 0
    uncalled_rows: int = 0

    @property
    def rows(self) -> int:
        """All rows."""
        return self.ended_rows + self.interrupted_rows + self.uncalled_rows

    @property
    def under_way(self) -> int:
        """Calls that began and have not ended."""
        return self.began - self.ended - self.interrupted


def differences(first: Figures, last: Figures, *, lives: bool) -> dict[str, int]:
    """Return what does not fit between two looks, as numbers of calls; nothing where all is well.

    `lives` says whether the process may still end the calls that are under way.
    """
    found = {
        ROWS_MISSING: sum(_more(getattr(first, kind), getattr(last, f"{kind}_rows")) for kind in KINDS),
        ROWS_UNCOUNTED: sum(_more(getattr(first, f"{kind}_rows"), getattr(last, kind)) for kind in KINDS),
        NEVER_BEGAN: _more(first.ended + first.interrupted, last.began),
        NEVER_ENDED: 0 if lives else _more(first.began, last.ended + last.interrupted),
    }
    return {what: calls for what, calls in found.items() if calls}


def _more(one: int, other: int) -> int:
    return max(0, one - other)
