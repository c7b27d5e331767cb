"""Ratios for people and for machines."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any

import msgspec
from bench.speed.crossings import PIECES, per_piece
from bench.speed.rounds import Figures, Plan, Results

_OURS, _DIRECT = "tianji", "direct"
_HEAD = ("target", "req/s", "x ours", "CPU us", "CPU x relay", "+p50 ms", "+p99 ms", "wrong")


def as_table(results: Results) -> str:
    """Lay the figures out; `x ours` above 1 means faster than ours, latencies are those added."""
    lines: list[str] = []
    for scenario, by_target in results.figures.items():
        lines += ["", scenario, _row(_HEAD)]
        lines += [_row(_cells(name, by_target)) for name in by_target]
    lines += ["", "memory after the load, MiB"]
    for name, sizes in results.rss_mib.items():
        each = " + ".join(f"{size:.0f}" for size in sizes)
        lines.append(f"  {name:<10} {sum(sizes):6.0f}  ({each})")
    return "\n".join(lines)


def as_table_of_pieces(results: Results, translating_us: Mapping[str, float]) -> str:
    """Lay out what a piece of a stream costs; the first crossing is what the others are held against."""
    costs = {name: per_piece(of[_OURS].cpu_us or 0.0) for name, of in results.figures.items()}
    first = next(iter(costs.values()))
    head = f"  {'client > provider':<36}{'CPU us/piece':>14}{'x first':>10}{'translating':>14}"
    lines = ["", f"streams of {PIECES} pieces", head]
    for name, cost in costs.items():
        wrong = results.figures[name][_OURS].wrong
        figures = f"{cost:>14.1f}{cost / first:>10.2f}{translating_us[name]:>14.1f}"
        lines.append(f"  {name:<36}{figures}{f'  {wrong} wrong' if wrong else ''}")
    return "\n".join(lines)


def as_json(results: Results, plan: Plan, translating_us: Mapping[str, float], *, pinned: bool) -> str:
    """Write all figures and the ratios that count."""
    value: dict[str, Any] = {
        "plan": plan._asdict(),
        "pinned": pinned,
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "scenarios": {
            scenario: {name: _facts(name, by_target) for name in by_target}
            for scenario, by_target in results.figures.items()
        },
        "translating_us_per_piece": translating_us,
        "rss_mib": results.rss_mib,
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"


def _facts(name: str, by_target: dict[str, Figures]) -> dict[str, Any]:
    return {
        **by_target[name]._asdict(),
        "throughput_of_ours": _of(by_target, name, _OURS, "per_s"),
        "cpu_of_relay": _of(by_target, name, "relay", "cpu_us"),
        "cpu_of_ours": _of(by_target, name, _OURS, "cpu_us"),
        "added_p50_ms": _added(by_target, name, "p50_ms"),
        "added_p99_ms": _added(by_target, name, "p99_ms"),
    }


def _cells(name: str, by_target: dict[str, Figures]) -> tuple[str, ...]:
    figures, facts = by_target[name], _facts(name, by_target)
    return (
        name,
        f"{figures.per_s:.0f}",
        _shown(facts["throughput_of_ours"]),
        _shown(figures.cpu_us, ".0f"),
        _shown(facts["cpu_of_relay"]),
        _shown(facts["added_p50_ms"]),
        _shown(facts["added_p99_ms"]),
        str(figures.wrong),
    )


def _of(by_target: dict[str, Figures], name: str, other: str, field: str) -> float | None:
    if other not in by_target:
        return None
    value, reference = getattr(by_target[name], field), getattr(by_target[other], field)
    return value / reference if value is not None and reference else None


def _added(by_target: dict[str, Figures], name: str, field: str) -> float | None:
    if _DIRECT not in by_target:
        return None
    added: float = getattr(by_target[name], field) - getattr(by_target[_DIRECT], field)
    return added


def _shown(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form)


def _row(cells: tuple[str, ...]) -> str:
    return f"  {cells[0]:<10}" + "".join(f"{cell:>13}" for cell in cells[1:])
