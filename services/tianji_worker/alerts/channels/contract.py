"""What a channel is: where its address is found, and what is sent there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tianji_worker.alerts.event import Told


class Channel(NamedTuple):
    """A way to tell people, over HTTP."""

    variable: str
    """The variable that holds the usual address."""
    by_type: bool
    """Whether `alert_to_webhook_url` may name other addresses."""
    body: Callable[[Told], bytes]
    """Makes the JSON that is posted."""
