"""A request in the neutral form, with what its answer has to repeat in this format's own words."""

from __future__ import annotations

from typing import Any

from msgspec import field

from tianji.wire.neutral import Ask
from tianji.wire.responses.names import Names


class ResponsesAsk(Ask):
    """An `Ask` that came in as a request of the Responses API."""

    echo: dict[str, Any] = field(default_factory=dict)
    """The request's own fields, which the answer repeats."""
    names: Names = field(default_factory=Names)
    """What the model's functions are called and typed as in this format."""


def echo_of(ask: Ask) -> dict[str, Any]:
    """Return what the answer repeats of its request."""
    return ask.echo if isinstance(ask, ResponsesAsk) else {}


def names_of(ask: Ask) -> Names:
    """Return how the calls of an answer are to be named."""
    return ask.names if isinstance(ask, ResponsesAsk) else Names()
