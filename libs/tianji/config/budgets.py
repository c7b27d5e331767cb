"""Which budgets of a config limit nothing, or never begin anew, as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from tianji.config import durations
from tianji.config.amounts import usd_of
from tianji.config.entries import ModelEntry
from tianji.config.problems import Place, Problems
from tianji.config.tree import Entry

CALLS = "litellm_settings"
ROUTER = "router_settings"
MODELS = "model_list"

Section = Mapping[str, Any]

_AMOUNTS = ("max_budget", "budget_limit", "soft_budget")
_DURATIONS = ("budget_duration", "time_period")
_OF_CALLS = (
    *("max_budget", "max_end_user_budget", "max_internal_user_budget"),
    *("budget_duration", "internal_user_budget_duration"),
)
_NESTED = ("default_key_generate_params", "default_internal_user_params", "default_team_params")
_BY_NAME = {CALLS: "tag_budget_config", ROUTER: "provider_budget_config"}


def in_vain(section: str, said: Section) -> Iterator[tuple[str, str]]:
    """Yield each field of a section whose budget is not kept as it is written, and why."""
    if section == CALLS:
        yield from _of_terms("", {name: said[name] for name in _OF_CALLS if name in said})
        yield from _of_calendar(said)
        for name in _NESTED:
            yield from _of_terms(f"{name}.", said.get(name))
    by_name = said.get(_BY_NAME[section])
    for holder, terms in by_name.items() if isinstance(by_name, dict) else ():
        yield from _of_terms(f"{_BY_NAME[section]}.{holder}.", terms)


def judge_budgets(
    entries: Mapping[str, Entry],
    sections: Mapping[str, Section],
    models: Sequence[ModelEntry],
    problems: Problems,
) -> None:
    """Warn of budgets that are not kept as they are written."""
    for section in _BY_NAME:
        entry = entries.get(section)
        if entry is None or not isinstance(entry.node.value, dict):
            continue
        for field, words in in_vain(section, sections.get(section) or {}):
            problems.warn(_place(entry, field), f"{section}.{field}", words)
    for number, model in enumerate(models):
        for field, words in _of_terms("litellm_params.", model.params):
            problems.warn(entries[MODELS].place, f"{MODELS}[{number}].{field}", words)


def _of_terms(at: str, said: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(said, Mapping):
        return
    for name, value in said.items():
        kind = name.removeprefix("internal_user_").replace("_end_user", "").replace("_internal_user", "")
        if value is None or value == "":
            continue
        if kind in _AMOUNTS and usd_of(value) is None:
            yield f"{at}{name}", f"limits nothing: it must be an amount of US dollars, and is {value!r}"
        if kind in _DURATIONS and (fault := _fault(value)):
            yield f"{at}{name}", f"the budget never begins anew: {fault}"


def _fault(duration: Any) -> str | None:
    if not isinstance(duration, str):
        return f"{duration!r} is not a duration; write a number with s, m, h, d, w or mo: 30d"
    try:
        count, _ = durations.parted(duration)
    except ValueError as fault:
        return str(fault)
    return None if count else f"{duration!r} is no usable duration: it must be more than 0"


def _of_calendar(calls: Section) -> Iterator[tuple[str, str]]:
    zone, at = calls.get("timezone"), calls.get("budget_reset_time")
    if isinstance(zone, str) and zone and not _is_zone(zone):
        yield "timezone", f"{zone!r} is not a known time zone: days begin at midnight of UTC"
    if isinstance(at, str) and not _is_time(at):
        yield "budget_reset_time", f"{at!r} is no time of day such as 06:30: days begin at midnight"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _is_time(said: str) -> bool:
    try:
        time.fromisoformat(said)
    except ValueError:
        return False
    return True


def _place(section: Entry, field: str) -> Place:
    """Return where a field stands, as far as it is written out."""
    found = section
    for name in field.split("."):
        inner = found.node.entries.get(name) if isinstance(found.node.value, dict) else None
        if inner is None:
            break
        found = inner
    return found.place
