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
    """Hash: `p:<process>` taken, `s:<process>` settled of it, `sum` and `settled` of all, `full`, `told`.

    `full` is the epoch in which all that was ever charged is known to be in it.
    """
    return f"{PREFIX}budget:{bound}:{window}"


def rate(kind: str, bound: str, per_s: int) -> str:
    """Hash: `s<slot>` granted in it, `x<slot>` told anew after a loss, `r:<process>` who has told."""
    return f"{PREFIX}{kind}:{bound}:{per_s}"


def parallel(bound: str) -> str:
    """Hash: `h:<process>` = `<slots>:<expires at, ms>`."""
    return f"{PREFIX}parallel:{bound}"
