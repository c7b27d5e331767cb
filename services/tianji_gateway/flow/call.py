"""One attempt: a request sent to a provider, until its whole answer or its first chunk is here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import Struct

from tianji.errors import UpstreamError, UpstreamTimeout
from tianji.providers.contract import UpstreamRequest
from tianji_gateway.caller import Header
from tianji_gateway.snapshot.model import Target
from tianji_gateway.upstream.canned import Incoming, Recital
from tianji_gateway.upstream.client import Client, Deadlines

CONNECT_S = 10.0
_AUTHORIZE_S = 30.0


class Whole(Struct):
    """A whole answer."""

    headers: Sequence[Header]
    body: bytes


class Opened(Struct):
    """A stream whose first chunk has arrived."""

    exchange: Incoming
    first: bytes


async def whole(request: UpstreamRequest, target: Target, client: Client, timeout_s: float) -> Whole:
    """Send a request and read all of its answer. Raises UpstreamError."""
    deadlines = Deadlines(connect=CONNECT_S, total=timeout_s)
    provider = target.deployment.provider
    try:
        exchange = await _open(request, target, client, deadlines)
        try:
            return Whole(exchange.raw_headers, await exchange.read())
        finally:
            exchange.close()
    except TimeoutError:
        raise _late(provider, timeout_s) from None
    except ConnectionError as fault:
        raise unreachable(provider, fault) from None


async def stream(request: UpstreamRequest, target: Target, client: Client, silence_s: float) -> Opened:
    """Send a request and wait for the first chunk of its stream. Raises UpstreamError."""
    deadlines = Deadlines(connect=CONNECT_S, silence=silence_s)
    provider = target.deployment.provider
    try:
        exchange = await _open(request, target, client, deadlines)
        try:
            first = await exchange.next()
        except BaseException:
            exchange.close()
            raise
    except TimeoutError:
        raise _late(provider, silence_s) from None
    except ConnectionError as fault:
        raise unreachable(provider, fault) from None
    if not first:
        exchange.close()
        raise UpstreamError(f"{provider} answered with an empty stream", provider=provider, retryable=True)
    return Opened(exchange, first)


def unreachable(provider: str, fault: ConnectionError) -> UpstreamError:
    """Say that no bytes flow to or from a provider."""
    return UpstreamError(
        f"{provider} cannot be reached: {fault}", provider=provider, status=502, retryable=True
    )


async def _open(request: UpstreamRequest, target: Target, client: Client, deadlines: Deadlines) -> Incoming:
    exchange = await _send(request, client, deadlines)
    if exchange.status >= 300:
        try:
            body = await exchange.read()
        finally:
            exchange.close()
        if exchange.status < 400:
            provider = target.deployment.provider
            raise UpstreamError(
                f"{provider} answered with a redirect ({exchange.status}), which is not followed; "
                "check api_base",
                provider=provider,
            )
        raise target.upstream.error(exchange.status, exchange.headers, body)
    return exchange


async def _send(request: UpstreamRequest, client: Client, deadlines: Deadlines) -> Incoming:
    if request.canned is not None:
        return await Recital.begin(request.canned, deadlines.total or deadlines.silence)
    headers: Mapping[str, str] = request.headers
    if request.authorize is not None:
        async with asyncio.timeout(_AUTHORIZE_S):
            headers = {**headers, **await request.authorize(request)}
    return await client.open(request.method, request.url, headers, request.body, deadlines)


def _late(provider: str, after_s: float) -> UpstreamTimeout:
    return UpstreamTimeout(f"{provider} did not answer within {after_s:g} s", provider=provider)
