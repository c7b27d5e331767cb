"""Who gets an alert by e-mail: whose budget it is, and who is named for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tianji.store.rows import Connection, many
from tianji_worker.alerts.event import CROSSED, LISTED, SOFT, Alert
from tianji_worker.alerts.holders import Holder, Name, Q

FOR_SHARES = ("default_max_budget_alert_emails", "max_budget_alert_emails")
FOR_SOFT = "soft_budget_alerting_emails"
_WHOLE = 100


def lists_of(holder: Holder) -> dict[int, list[str]]:
    """Return who is told of which percents of a budget: whom the settings name, and whom the holder."""
    found: dict[int, list[str]] = {}
    for field in FOR_SHARES:
        said = holder.said.get(field)
        for percent, emails in said.items() if isinstance(said, dict) else ():
            if percent.isdecimal() and 1 <= int(percent) <= _WHOLE:
                found.setdefault(int(percent), []).extend(emails_in(emails))
    return found


def soft_list_of(name: Name | None, holder: Holder | None) -> list[str]:
    """Return who is told, wherever else alerts go, when a team has passed its soft budget."""
    named = name is not None and name.kind == "team" and holder is not None
    return emails_in(holder.said.get(FOR_SOFT)) if named and holder is not None else []


async def recipients(
    db: Connection, alert: Alert, name: Name | None, holder: Holder | None, *, all_events: bool
) -> list[str]:
    """Return the addresses that an alert goes to; without `all_events` only those named for it."""
    found = soft_list_of(name, holder) if alert.event == SOFT else []
    if not all_events or name is None or holder is None:
        return _once(found)
    if alert.event == LISTED:
        found += lists_of(holder).get(alert.percent, [])
    if holder.user_email:
        found.append(holder.user_email)
    if name.kind == "team" and alert.event == CROSSED:
        rows: list[Mapping[str, str]] = await many(db, Q.emails_of_team, dict[str, str], team_id=name.id)
        found += [row["email"] for row in rows]
    return _once(found)


def emails_in(said: Any) -> list[str]:
    """Read addresses: a list of them, or one text with commas."""
    given = said.split(",") if isinstance(said, str) else said if isinstance(said, list) else []
    return [one.strip() for one in given if isinstance(one, str) and "@" in one]


def _once(emails: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(emails))
