"""Numbers as configs spell them."""

from __future__ import annotations

from typing import Any


def number_of(value: Any) -> float | None:
    """Read a number; None for what is none or not positive."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if number > 0 else None


def count_of(value: Any) -> int | None:
    """Read a whole number; None for what is none, not positive or without a bound."""
    number = number_of(value)
    return None if number is None or number == float("inf") else int(number)


def usd_of(said: Any, *, zero: bool = True) -> str | None:
    """Read an amount of US dollars; `zero` says whether 0 is one."""
    if zero and not isinstance(said, bool) and said in (0, "0"):
        return "0"
    amount = number_of(said)
    return None if amount is None or amount == float("inf") else format(amount, ".12f")


def text_of(said: Any) -> str | None:
    """Return a text, None for anything else."""
    return said if isinstance(said, str) and said else None
