"""Runs every scenario against every target, in turn, several times over."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, Protocol

import msgspec
from bench.scale.figures import cpu_s
from bench.speed import pinning
from bench.speed.targets import Target

from tianji_testkit import processes

_SETTLED_S = 0.02
_QUIET_S = 0.2
_LONGEST_S = 10.0


class Asked(Protocol):
    """What is asked of a target, again and again."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def key_is_known(self) -> bool:
        """Whether it has a key that is accepted."""

    @property
    def status(self) -> int:
        """The status of a right answer."""

    def request(self, port: int, key: str) -> bytes:
        """Return the bytes of the whole request."""


class Plan(NamedTuple):
    """How much is measured."""

    rounds: int
    seconds: float
    connections: int


class Figures(NamedTuple):
    """Medians over all rounds of one scenario on one target."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None
    """Processor time per request of the target's whole process tree."""
    wrong: int


class Results(NamedTuple):
    """All that was measured."""

    figures: dict[str, dict[str, Figures]]
    """By scenario and target."""
    rss_mib: dict[str, list[float]]
    """Memory of each of a target's processes after the load, by target."""


def measure(targets: Sequence[Target], asked: Sequence[Asked], plan: Plan) -> Results:
    """Measure; the order of the targets changes with each round, so that none always comes first."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for number in range(plan.rounds):
        for scenario in asked:
            first = number % len(targets)
            for target in [*targets[first:], *targets[:first]]:
                if target.pid is None and not scenario.key_is_known:
                    continue  # the provider knows no keys
                one = _one(target, scenario, plan)
                found.setdefault((scenario.name, target.name), []).append(one)
                print(
                    f"  {scenario.name:<26} {target.name:<8} {one['per_s']:8.0f}/s",
                    file=sys.stderr,
                    flush=True,
                )
    figures: dict[str, dict[str, Figures]] = {}
    for (scenario_name, target_name), runs in found.items():
        figures.setdefault(scenario_name, {})[target_name] = _medians(runs)
    return Results(figures, {t.name: _rss_mib(t.pid) for t in targets if t.pid is not None})


def _one(target: Target, scenario: Asked, plan: Plan) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.speed.load", str(target.port), str(plan.connections)]
    command += [str(plan.seconds), str(scenario.status)]
    before = _settled_cpu_s(target.pid)
    load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pinning.pin(load.pid, pinning.LOAD_CORE)
    out, _ = load.communicate(scenario.request(target.port, target.key), timeout=plan.seconds + 60)
    if load.returncode:
        raise SystemExit(f"{target.name} broke down in scenario {scenario.name!r}")
    figures: dict[str, Any] = msgspec.json.decode(out)
    if target.pid is not None:
        figures["cpu_us"] = (_settled_cpu_s(target.pid) - before) / max(figures["answers"], 1) * 1e6
    return figures


def _settled_cpu_s(pid: int | None) -> float:
    """Return the processor time used, once what was left over from the load is done."""
    if pid is None:
        return 0.0
    deadline = time.monotonic() + _LONGEST_S
    used = cpu_s(pid)
    while time.monotonic() < deadline:
        time.sleep(_QUIET_S)
        before, used = used, cpu_s(pid)
        if used - before <= _SETTLED_S:
            break
    return used


def _medians(runs: Sequence[dict[str, Any]]) -> Figures:
    return Figures(
        per_s=median(run["per_s"] for run in runs),
        p50_ms=median(run["p50_ms"] or 0.0 for run in runs),
        p99_ms=median(run["p99_ms"] or 0.0 for run in runs),
        cpu_us=median(run["cpu_us"] for run in runs) if "cpu_us" in runs[0] else None,
        wrong=sum(run["wrong"] for run in runs),
    )


def _rss_mib(pid: int) -> list[float]:
    found = []
    for one in processes.tree(pid):
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                found.append(int(line.split()[1]) / 1024)
    return found
