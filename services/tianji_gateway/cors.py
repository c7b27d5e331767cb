"""What browsers ask before a page of another origin calls: every origin may, as keys travel in headers.

No cookie is ever read here, so an answer to any origin gives away nothing that a key does not.
"""

from __future__ import annotations

from tianji_gateway.caller import Header, Message, Scope, Send

_ANY_ORIGIN: Header = (b"access-control-allow-origin", b"*")
_EXPOSED: Header = (b"access-control-expose-headers", b"*")
_METHODS = b"GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD"
_REMEMBERED_S = b"600"


def is_preflight(scope: Scope) -> bool:
    """Say whether a browser asks what a page may send."""
    return scope["method"] == "OPTIONS" and _value(scope, b"access-control-request-method") is not None


def preflight_headers(scope: Scope) -> list[Header]:
    """Return the answer to such a question: the page may."""
    wanted = _value(scope, b"access-control-request-headers")
    return [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", wanted or b"*"),
        (b"access-control-max-age", _REMEMBERED_S),
        (b"vary", b"access-control-request-headers"),
    ]


def answering(scope: Scope, send: Send) -> Send:
    """Return a `send` that lets the page read the answer; that of the server where no page asks."""
    if _value(scope, b"origin") is None:
        return send

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            held = [header for header in message["headers"] if header[0] not in (_ANY_ORIGIN[0], _EXPOSED[0])]
            message["headers"] = [*held, _ANY_ORIGIN, _EXPOSED]
        await send(message)

    return with_headers


def _value(scope: Scope, name: bytes) -> bytes | None:
    for given, value in scope["headers"]:
        if given == name:
            found: bytes = value
            return found
    return None
