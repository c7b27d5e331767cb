"""Which alerts of `general_settings` are sent: by which channels, of which types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tianji.config.problems import Problems
from tianji.config.tree import Entry

SECTION = "general_settings"
CHANNELS = ("slack", "webhook", "email")
BUDGETS = "budget_alerts"
"""The one type of alert that is sent."""
ADDRESSES = "alert_to_webhook_url"
"""The field that holds addresses, which are secrets: whoever knows one can write there."""


def wants_budget_alerts(general: Mapping[str, Any]) -> bool:
    """Say whether the settings ask for alerts of budgets; without `alert_types` they ask for all."""
    types = general.get("alert_types")
    return types is None or BUDGETS in _texts(types)


def unserved(general: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field that asks for alerts that are not sent, with what is not."""
    alerting, types = _texts(general.get("alerting")), general.get("alert_types")
    vain = []
    if others := [name for name in alerting if name not in CHANNELS]:
        vain.append(f"no alert goes to {', '.join(others)}, {', '.join(CHANNELS)} work")
    if alerting and types is None:
        vain.append(f"alerts of the type {BUDGETS} are sent, those of other types are not")
    if vain:
        yield "alerting", "; ".join(vain)
    for name, said in (("alert_types", types), (ADDRESSES, general.get(ADDRESSES))):
        if others := [type for type in _texts(said) if type != BUDGETS]:
            yield name, f"no alert of the type {', '.join(others)} is sent; {BUDGETS} works"


def judge_alerting(section: Entry | None, general: Mapping[str, Any], problems: Problems) -> None:
    """Warn of what a config asks for in vain."""
    if section is None or not isinstance(section.node.value, dict):
        return
    for name, words in unserved(general):
        entry = section.node.entries.get(name)
        place = section.place if entry is None else entry.place
        problems.warn(place, f"{SECTION}.{name}", words)


def _texts(said: Any) -> list[str]:
    return [one for one in said if isinstance(one, str)] if isinstance(said, list | dict) else []
