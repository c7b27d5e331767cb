"""Hands management paths to the control plane, streamed both ways, so that one port serves all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tianji.errors import Unavailable
from tianji_gateway.caller import Caller, Header, Scope
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.runtime import Runtime
from tianji_gateway.upstream.canned import Incoming
from tianji_gateway.upstream.client import Deadlines

_DEADLINES = Deadlines(connect=3.0, silence=120.0)
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_REPLACED = frozenset({b"host", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"expect"})


async def forward(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """Pass a request on, and its answer back. Raises Unavailable when nobody answers."""
    scope = asked.scope
    if rt.settings.control_url is None:
        raise Unavailable("this gateway knows no control plane: TIANJI_CONTROL_URL is not set")
    url = rt.settings.control_url.rstrip("/") + _target(scope)
    headers = _request_headers(scope)
    body = caller.pieces() if _has_body(scope) else None
    if body is None:
        await _take_nothing(caller)
    try:
        exchange = await rt.client.open(scope["method"], url, headers, body, _DEADLINES, decompress=False)
    except (TimeoutError, ConnectionError) as fault:
        raise Unavailable(
            f"the control plane cannot be reached: {fault}; inference goes on without it"
        ) from None
    await _relay(exchange, caller)


async def _relay(exchange: Incoming, caller: Caller) -> None:
    caller.watch()
    try:
        await caller.start(exchange.status, _answer_headers(exchange.raw_headers))
        while piece := await exchange.next():
            await caller.write(piece)
        await caller.finish()
    except asyncio.CancelledError:
        if not caller.gone:
            raise
        caller.keep_going()
    finally:
        caller.unwatch()
        exchange.close()


async def _take_nothing(caller: Caller) -> None:
    """Take the empty body of a request that has none, so that a hang-up can be watched for."""
    async for _ in caller.pieces():
        pass


def _target(scope: Scope) -> str:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _request_headers(scope: Scope) -> list[tuple[str, str]]:
    given: list[Header] = scope["headers"]
    dropped = _HOP_BY_HOP | _REPLACED | _named_by_connection(given)
    kept = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in given if name not in dropped]
    client = scope.get("client")
    passed = [value.decode("latin-1") for name, value in given if name == b"x-forwarded-for"]
    passed += [client[0]] if client else []
    host = next((value.decode("latin-1") for name, value in given if name == b"host"), "")
    return [
        *kept,
        ("x-forwarded-for", ", ".join(passed)),
        ("x-forwarded-host", host),
        ("x-forwarded-proto", scope.get("scheme", "http")),
    ]


def _answer_headers(raw: Sequence[Header]) -> list[Header]:
    headers = [(name.lower(), value) for name, value in raw]
    dropped = _HOP_BY_HOP | _named_by_connection(headers)
    return [(name, value) for name, value in headers if name not in dropped]


def _named_by_connection(headers: list[Header]) -> set[bytes]:
    """Return the headers that a `connection` header calls its own."""
    return {
        token.strip().lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    }
