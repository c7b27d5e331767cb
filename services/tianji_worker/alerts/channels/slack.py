"""Slack's incoming webhooks: a text for people."""

from __future__ import annotations

import msgspec

from tianji.config.alerting import BUDGETS
from tianji_worker.alerts.event import Told

_LEFT_OUT = ("token", "event", "event_message")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "'"})
"""Signs that Slack reads as markup: the name of a team must not ring for a whole channel."""


def body(told: Told) -> bytes:
    """Return a message with what is known."""
    facts = {name: getattr(told, name) for name in told.__struct_fields__ if name not in _LEFT_OUT}
    lines = [f"*{name}:* `{_plain(value)}`" for name, value in facts.items() if value is not None]
    head = f"Alert type: `{BUDGETS}`\nEvent: `{told.event}`\n\n{_plain(told.event_message)}"
    return msgspec.json.encode({"text": "\n".join([head, "", *lines])})


def _plain(value: object) -> str:
    return str(value).translate(_MARKUP)
