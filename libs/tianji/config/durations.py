"""Durations of budgets as configs and calls spell them: `30s`, `15m`, `12h`, `7d`, `2w`, `1mo`, `daily`."""

from __future__ import annotations

import re

_FORM = re.compile(r"(\d{1,9})\s*(s|m|h|d|w|mo)")
_WORDS = {"hourly": "1h", "daily": "1d", "weekly": "7d", "monthly": "1mo"}


def parted(duration: str) -> tuple[int, str]:
    """Return the number and the unit of a duration. Raises ValueError for what is none."""
    said = duration.strip().lower()
    found = _FORM.fullmatch(_WORDS.get(said, said))
    if found is None:
        raise ValueError(f"{duration!r} is not a duration; write a number with s, m, h, d, w or mo: 30d")
    return int(found[1]), found[2]
