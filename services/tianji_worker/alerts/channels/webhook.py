"""A webhook of one's own: the event as it is."""

from __future__ import annotations

import msgspec

from tianji_worker.alerts.event import Told


def body(told: Told) -> bytes:
    """Return the event as JSON."""
    return msgspec.json.encode(told)
