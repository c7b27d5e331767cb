"""Sums by day as answers show them: LiteLLM's days with their breakdowns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from tianji_control.resources.activity.asked import NO_KEY
from tianji_control.resources.activity.metrics import Metrics
from tianji_control.resources.activity.store import Cell, Day, KeyFacts, KeySum, Name, Part

KINDS = ("models", "model_groups", "providers", "endpoints", "entities")
ENDPOINTS = {
    "acompletion": "/chat/completions",
    "aresponses": "/responses",
    "anthropic_messages": "/v1/messages",
    "agenerate_content": "/models/{model}:generateContent",
    "agenerate_content_stream": "/models/{model}:streamGenerateContent",
}
"""How reports call the path of a kind of call, where clients spell it in several ways."""
_ALIASES = {"team": "team_alias", "organization": "organization_alias", "end_user": "alias"}


class Facts(Struct, frozen=True):
    """What is known of keys and entities beside their sums."""

    scope: str
    keys: Mapping[str, KeyFacts]
    names: Mapping[str, Name]
    told: dict[str, dict[str, Any]] = {}
    """What was said of a key already: a report says it many times over."""

    def of_key(self, hash: str) -> dict[str, Any]:
        """Return whose key it is."""
        if hash not in self.told:
            self.told[hash] = key_facts(hash, self.keys)
        return self.told[hash]


class _Entry(Struct):
    metrics: Metrics
    keys: dict[str, Metrics] = {}


class Breakdown:
    """One day's parts, and the keys within them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._entries: dict[str, dict[str, _Entry]] = {kind: {} for kind in KINDS}
        self._keys: dict[str, Metrics] = {}

    def part(self, kind: str, name: str, metrics: Metrics) -> None:
        """Add a part's sum."""
        if name:
            self._entry(kind, name).metrics.add(metrics)

    def cell(self, cell: Cell, *, summed: bool) -> None:
        """Add a key's cell to the parts that it belongs to; to their sums only if these lack it."""
        for kind, name in names_of(cell):
            if not name:
                continue
            entry = self._entry(kind, name)
            _join(entry.keys, cell)
            if not summed:
                entry.metrics.add(cell)
        _join(self._keys, cell)

    def shown(self, facts: Facts) -> dict[str, Any]:
        """Return it as LiteLLM has it."""
        found: dict[str, Any] = {"mcp_servers": {}}
        for kind, entries in self._entries.items():
            found[kind] = {
                ENDPOINTS.get(name, name) if kind == "endpoints" else name: {
                    "metrics": entry.metrics.shown(),
                    "metadata": entity_facts(facts, name) if kind == "entities" else {},
                    "api_key_breakdown": _by_key(entry.keys, facts),
                }
                for name, entry in entries.items()
            }
        return {**found, "api_keys": _by_key(self._keys, facts)}

    def _entry(self, kind: str, name: str) -> _Entry:
        entries = self._entries[kind]
        if name not in entries:
            entries[name] = _Entry(Metrics())
        return entries[name]


def names_of(cell: Cell) -> Iterable[tuple[str, str]]:
    """Return the parts that a cell belongs to."""
    return (
        ("models", cell.upstream_model or cell.model),
        ("model_groups", cell.model),
        ("providers", cell.provider),
        ("endpoints", cell.call_type),
        ("entities", cell.scope_id),
    )


def results(
    days: list[Day], parts: list[Part], cells: list[Cell], facts: Facts, *, summed: bool
) -> list[dict[str, Any]]:
    """Return days with their breakdowns; `summed` says whether `parts` has the sums, else `cells` has."""
    by_day: dict[date, Breakdown] = {day.day: Breakdown() for day in days}
    for part in parts:
        by_day[part.day].part(part.kind, part.name, part)
    for cell in cells:
        by_day[cell.day].cell(cell, summed=summed)
    return [
        {"date": day.day, "metrics": day.shown(), "breakdown": by_day[day.day].shown(facts)} for day in days
    ]


def key_row(row: KeySum, facts: Mapping[str, KeyFacts]) -> dict[str, Any]:
    """Return one key's sum over all days."""
    return {
        "api_key": row.key_hash or NO_KEY,
        "metrics": row.shown(),
        "metadata": key_facts(row.key_hash, facts),
    }


def key_facts(hash: str, facts: Mapping[str, KeyFacts]) -> dict[str, Any]:
    """Return whose key it is."""
    if not hash:
        return {
            "key_alias": "Unattributed",
            "team_id": None,
            "user_id": None,
            "user_email": None,
            "key_exists": False,
        }
    known = facts.get(hash)
    return {
        "key_alias": known.alias if known else None,
        "team_id": known.team_id if known else None,
        "user_id": known.user_id if known else None,
        "user_email": known.email if known else None,
        "key_exists": known is not None and known.there,
    }


def entity_facts(facts: Facts, id: str) -> dict[str, Any]:
    """Return what an entity is called, under the name that its kind has."""
    name = facts.names.get(id)
    if facts.scope == "user":
        return {"user_email": name.email if name else None, "user_alias": name.alias if name else None}
    field = _ALIASES.get(facts.scope)
    return {field: name.alias if name else None} if field else {}


def _join(keys: dict[str, Metrics], cell: Cell) -> None:
    """Add a cell to its key; most have but one, which then is the sum."""
    there = keys.get(cell.key_hash)
    keys[cell.key_hash] = cell if there is None else there.plus(cell)


def _by_key(keys: Mapping[str, Metrics], facts: Facts) -> dict[str, Any]:
    return {
        hash or NO_KEY: {"metrics": metrics.shown(), "metadata": facts.of_key(hash)}
        for hash, metrics in keys.items()
    }
