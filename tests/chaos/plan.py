"""Which fault comes when: all of it chosen by a seed, before anything is started."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

Action = Literal["kill", "kill-child", "restart", "freeze"]

SERVERS = ("postgres", "nats", "redis")
CALM_S = 4.0
"""Without faults at the start, so that every key has been used on every gateway."""

GAP_S = (0.3, 2.5)
FROZEN_S = (0.5, 5.0)
_UNTIL_BACK_S = {"kill": 4.0, "kill-child": 2.0, "restart": 4.0, "freeze": 0.5}
"""How long a target is left alone after a fault; a fault that takes longer to heal may meet the next."""

_CHANCES: dict[Action, int] = {"kill": 4, "freeze": 4, "restart": 2, "kill-child": 2}


class Fault(NamedTuple):
    """One thing done to one process tree."""

    at: float
    """Seconds after the load began."""
    target: str
    """`postgres`, `nats`, `redis`, `control`, `worker`, `worker2`, or `gateway0` and so on."""
    action: Action
    lasts_s: float = 0.0

    def __str__(self) -> str:
        lasts = f" for {self.lasts_s:.1f} s" if self.lasts_s else ""
        return f"{self.at:6.1f} s  {self.action} {self.target}{lasts}"


def targets(gateways: int) -> list[str]:
    """List all that can be hit."""
    return [*SERVERS, "control", "worker", "worker2", *(f"gateway{n}" for n in range(gateways))]


def faults(seed: int, seconds: float, gateways: int) -> list[Fault]:
    """Choose the faults of a run; the same seed chooses the same."""
    return sorted(_chosen(Random(seed), seconds, gateways))


def _chosen(random: Random, seconds: float, gateways: int) -> Iterator[Fault]:
    free_at = dict.fromkeys(targets(gateways), 0.0)
    at = CALM_S
    while at < seconds:
        free = [target for target, when in free_at.items() if when <= at]
        if random.random() < 0.08:
            lasts = random.uniform(*FROZEN_S)
            hit = [target for target in free if not target.startswith("gateway")]
            new = [Fault(at, target, "freeze", lasts) for target in hit]
        elif free:
            new = [_one(random, at, random.choice(free))]
        else:
            new = []
        for fault in new:
            free_at[fault.target] = at + fault.lasts_s + _UNTIL_BACK_S[fault.action]
        yield from new
        at += random.uniform(*GAP_S)


def _one(random: Random, at: float, target: str) -> Fault:
    action = random.choices(list(_CHANCES), list(_CHANCES.values()))[0]
    if action == "kill-child" and target in SERVERS:
        action = "kill"
    return Fault(at, target, action, random.uniform(*FROZEN_S) if action == "freeze" else 0.0)
