"""What a request asks of the gateway itself: how often to retry, how long to wait."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tianji_gateway.flow.receive import Inference, value_of
from tianji_gateway.snapshot.model import Snapshot, Target

DEFAULT_RETRIES = 2
MOST_RETRIES = 20
LONGEST_S = 6000.0
KEEP_ALIVE_S = 15.0
"""Half of what the least patient proxies allow a connection to be silent."""

_FIELDS = frozenset({"max_retries", "num_retries", "request_timeout", "stream_timeout", "timeout"})
_HEADERS = frozenset({b"x-litellm-num-retries", b"x-litellm-stream-timeout", b"x-litellm-timeout"})


class Wishes(Struct, frozen=True):
    """The request's own settings over the config's; None leaves it to the deployment."""

    retries: int
    timeout_s: float | None
    stream_timeout_s: float | None

    def patience(self, target: Target, *, stream: bool) -> float:
        """Return how long a deployment may take: for a whole answer, or between two chunks."""
        if stream:
            return self.stream_timeout_s or self.timeout_s or target.stream_timeout_s
        return self.timeout_s or target.timeout_s


def wishes_of(inference: Inference, snapshot: Snapshot) -> Wishes:
    """Read a request's wishes, before `prepare` takes them out."""
    settings = snapshot.settings
    usual = settings.router.get("num_retries"), settings.calls.get("num_retries")
    if _FIELDS.isdisjoint(inference.fields) and _HEADERS.isdisjoint(inference.call.headers):
        return Wishes(_retries(*usual), None, None)
    return Wishes(
        retries=_retries(_said(inference, b"x-litellm-num-retries", "num_retries", "max_retries"), *usual),
        timeout_s=_seconds(_said(inference, b"x-litellm-timeout", "timeout", "request_timeout")),
        stream_timeout_s=_seconds(_said(inference, b"x-litellm-stream-timeout", "stream_timeout")),
    )


def keep_alive_s(snapshot: Snapshot) -> float | None:
    """Return after how much silence a stream's client gets a sign of life; None for never."""
    said = snapshot.settings.calls.get("sse_keepalive_ping_interval_seconds")
    return KEEP_ALIVE_S if said is None else _seconds(said)


def _said(inference: Inference, header: bytes, *names: str) -> Any:
    if header in inference.call.headers:
        return inference.call.header(header)
    for name in names:
        if name in inference.fields:
            return value_of(inference.fields, name)
    return None


def _retries(*said: object) -> int:
    for value in said:
        number = _number(value)
        if number is not None and number >= 0:
            return int(min(number, MOST_RETRIES))
    return DEFAULT_RETRIES


def _seconds(said: object) -> float | None:
    number = _number(said)
    return min(number, LONGEST_S) if number is not None and number > 0 else None


def _number(said: object) -> float | None:
    """Read a number that may come as text; None for anything else, not-a-number included."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None
