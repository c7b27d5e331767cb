"""Every Redis key of budgets and limits in one list.

All share one hash tag: a chain's bounds are then one atomic script, also where Redis is a cluster
and the bounds belong to different holders. What one node must do is little: no call per request.
"""

from __future__ import annotations

PREFIX = "tianji:{limits}:"

EPOCH = PREFIX + "epoch"
"""`<server time>:<random>:<run id>`: since when this data set is known whole, in which run of Redis."""

ALIVE = PREFIX + "alive"
"""Sorted set: gateway processes by the time they were last heard."""


def sequence(process: str) -> str:
    """Number of the last message of a process: what comes late must not undo what came after."""
    return f"{PREFIX}sequence:{process}"


def budget(bound: str, window: str) -> str:
    """Hash: `p:<process>` taken, `s:<process>` settled, `sum`, `settled` of all, `full`, `told`, `line`.

    `full` is the epoch in which all that was ever charged is known to be in it. `line` says which processes
    wait for what others hold: since when, when each last asked (both in ms), and for how much.
    """
    return f"{PREFIX}budget:{bound}:{window}"


def rate(kind: str, bound: str, period: int | str) -> str:
    """Hash: `s<slot>` granted in it, `x<slot>` told anew after a loss, `r:<process>` who has told.

    `period` is a number of seconds, or the id of a window. Of a limit that is divided it counts all parts.
    """
    return f"{PREFIX}{kind}:{bound}:{period}"


def part(rate_key: str, name: str) -> str:
    """Return the hash of one part of a limit that is divided: as that of the limit."""
    return f"{rate_key}:part:{name}"


def active(rate_key: str) -> str:
    """Return the sorted set of who asked for a part, by when they last did (ms)."""
    return f"{rate_key}:active"


def parallel(bound: str) -> str:
    """Hash: `h:<process>` = `<slots>:<expires at, ms>`."""
    return f"{PREFIX}parallel:{bound}"
