"""Which of the priorities of `litellm_settings` reserve nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tianji.config.amounts import number_of
from tianji.config.problems import Problems
from tianji.config.tree import Entry

SECTION = "litellm_settings"
FIELD = "priority_reservation"
CALLBACKS = ("dynamic_rate_limiter", "dynamic_rate_limiter_v3")
UNITS = ("percent", "rpm", "tpm")


def in_vain(calls: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the priorities of a config."""
    terms, said = calls.get(FIELD), calls.get("callbacks")
    if not isinstance(terms, dict) or not terms:
        return
    if not set(CALLBACKS) & set(map(str, said if isinstance(said, list) else [said])):
        yield f"nothing is reserved without callbacks: [{CALLBACKS[-1]}]"
    for priority, value in terms.items():
        amount = value.get("value", 1.0) if isinstance(value, dict) else value
        unit = value.get("type", "percent") if isinstance(value, dict) else "percent"
        if unit not in UNITS:
            yield f"{priority} has the type {unit!r}, and is taken for percent; types are {', '.join(UNITS)}"
        if number_of(amount) is None and str(amount) != "0":
            yield f"nothing is reserved for {priority}: it must be a share such as 0.9, or type and value"


def judge_priorities(section: Entry | None, calls: Mapping[str, Any], problems: Problems) -> None:
    """Warn of priorities that reserve nothing."""
    if section is None or not isinstance(section.node.value, dict):
        return
    entry = section.node.entries.get(FIELD)
    for words in in_vain(calls):
        problems.warn(section.place if entry is None else entry.place, f"{SECTION}.{FIELD}", words)
