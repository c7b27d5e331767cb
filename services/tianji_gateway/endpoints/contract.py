"""What an endpoint is: a bare ASGI callable that also gets the runtime and what its path named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from tianji_gateway.caller import Caller, Scope
from tianji_gateway.runtime import Runtime


class Asked(Struct):
    """A request as the table of routes found it."""

    scope: Scope
    template: str
    """The path as the table has it."""
    params: Mapping[str, str]
    """What the path named."""


Endpoint = Callable[[Asked, Caller, Runtime], Awaitable[None]]
