"""One attempt: a request sent to a provider, until its whole answer or the first of its stream is here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw, Struct

from tianji.errors import UpstreamError, UpstreamTimeout
from tianji.providers.contract import Canned, UpstreamRequest
from tianji_gateway.caller import Header
from tianji_gateway.flow.follow import Follower
from tianji_gateway.snapshot.model import Target
from tianji_gateway.upstream.canned import Incoming, Recital
from tianji_gateway.upstream.client import Client, Deadlines

CONNECT_S = 10.0
_AUTHORIZE_S = 30.0

_object = msgspec.json.Decoder(dict[str, Raw])


class Whole(Struct):
    """A whole answer."""

    headers: Sequence[Header]
    body: bytes


class Opened(Struct):
    """A stream that has begun."""

    exchange: Incoming
    first: bytes
    """What the client gets first; empty where the stream has ended without a blank line."""


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


async def stream(
    request: UpstreamRequest, target: Target, client: Client, silence_s: float, follower: Follower
) -> Opened | Whole:
    """Send a request and wait until there is something for the client. Raises UpstreamError.

    A provider may answer with a JSON object and no stream: an error, or all of the answer at once.

    An error event that comes before an answer has begun is raised like an error status: nothing has
    been relayed, and another deployment may be asked. What fails after it has got its id is relayed as
    the provider tells it, also where both come in one packet.
    """
    deadlines = Deadlines(connect=CONNECT_S, silence=silence_s)
    provider = target.deployment.provider
    try:
        exchange = await _open(request, target, client, deadlines)
        try:
            begun = b""
            if request.then is None and _is_json(exchange):  # a request with `then` has a follower for JSON
                begun = await _object_in(exchange)
                if _is_object(begun):
                    exchange.close()
                    return Whole(exchange.raw_headers, begun)
            return Opened(exchange, await _first(exchange, follower, provider, begun))
        except BaseException:
            exchange.close()
            raise
    except TimeoutError:
        raise _late(provider, silence_s) from None
    except ConnectionError as fault:
        raise unreachable(provider, fault) from None


def _is_json(exchange: Incoming) -> bool:
    for name, value in exchange.raw_headers:
        if len(name) == 12 and name.lower() == b"content-type":
            return value.startswith(b"application/json")
    return False


async def _object_in(exchange: Incoming) -> bytes:
    """Return all of a body that begins as an object does, of another one the beginning."""
    begun = await exchange.next()
    return begun + await exchange.read() if begun.lstrip().startswith(b"{") else begun


def _is_object(body: bytes) -> bool:
    """Say whether this is one JSON object; several, one in each line, are a stream."""
    try:
        _object.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


async def _first(exchange: Incoming, follower: Follower, provider: str, begun: bytes) -> bytes:
    """Wait for the first piece that the client gets; of the body `begun` has been read already."""
    heard = False
    while chunk := begun or await exchange.next():
        heard, begun = True, b""
        piece = follower.feed(chunk)
        if follower.failed is not None and not (follower.answer_id() or follower.excerpt().text):
            raise follower.failed
        if piece or follower.complete:
            return piece
    if not heard:
        raise UpstreamError(f"{provider} answered with an empty stream", provider=provider, retryable=True)
    return b""


def unreachable(provider: str, fault: ConnectionError) -> UpstreamError:
    """Say that no bytes flow to or from a provider."""
    return UpstreamError(
        f"{provider} cannot be reached: {fault}", provider=provider, status=502, retryable=True
    )


async def _open(request: UpstreamRequest, target: Target, client: Client, deadlines: Deadlines) -> Incoming:
    if request.then is None:
        return await _accepted(request, target, client, deadlines)
    async with asyncio.timeout(deadlines.total or deadlines.silence):
        return await _followed(request, target, client, deadlines)


async def _followed(
    request: UpstreamRequest, target: Target, client: Client, deadlines: Deadlines
) -> Incoming:
    """Send a request, and what follows from each answer, until one of them is the answer."""
    while True:
        exchange = await _accepted(request, target, client, deadlines)
        if request.then is None:
            return exchange
        try:
            body = await exchange.read()
        finally:
            exchange.close()
        follow = request.then(body)
        if follow is None:
            return Recital(Canned((body,), exchange.status, dict(exchange.headers)))
        await asyncio.sleep(follow.after_s)
        request = follow.request


async def _accepted(
    request: UpstreamRequest, target: Target, client: Client, deadlines: Deadlines
) -> Incoming:
    """Send a request; raise where the answer to it is a redirect or an error."""
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
