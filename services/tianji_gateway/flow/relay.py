"""Brings an answer to the client: whole, or chunk by chunk as it arrives, and closes the books."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tianji.errors import BadRequest, ClientGone, TianjiError, UpstreamError, UpstreamTimeout
from tianji.wire.excerpt import Excerpt
from tianji.wire.neutral import Answer, Reasoning, Refusal, Text, ToolCall, Usage
from tianji_gateway.caller import Caller
from tianji_gateway.flow import headers
from tianji_gateway.flow.account import Account
from tianji_gateway.flow.call import Opened, Whole, unreachable
from tianji_gateway.flow.follow import Follower
from tianji_gateway.flow.receive import Inference
from tianji_gateway.snapshot.model import Target

_JSON = b"application/json"


class Written(Struct):
    """A whole answer in the client's format."""

    body: bytes
    id: str
    usage: Usage | None
    text: str
    finish: str | None


def written(answer: Whole, inference: Inference, target: Target, *, same: bool) -> Written:
    """Write a whole answer for the client. Raises UpstreamError when it cannot be read."""
    if same:
        glance = inference.front.glance(answer.body)
        if glance.failed is not None:
            target.upstream.response(answer.body, inference.read())  # raises: an error with a status of 200
        text = "" if glance.usage else _text_untold(answer.body, inference, target)
        return Written(glance.instead or answer.body, glance.id, glance.usage, text, glance.finish)
    ask = inference.read()
    read = target.upstream.response(answer.body, ask)
    text = "" if read.usage else _text_of(read)
    finish = read.choices[0].finish if read.choices else None
    return Written(inference.front.write(read, ask), read.id, read.usage, text, finish)


async def relay_whole(
    answer: Written, upstream: Whole, inference: Inference, account: Account, caller: Caller
) -> None:
    """Close the books, then send the answer."""
    account.answer_id = answer.id
    if account.kept is not None:
        account.kept.add(answer.body)
    await account.succeed(answer.usage, Excerpt(answer.text), answer.finish)
    front = inference.front
    caller.unwatch()
    await caller.answer(200, headers.of_answer(account, front, upstream.headers, _JSON), answer.body)


async def relay_stream(
    opened: Opened,
    follower: Follower,
    inference: Inference,
    account: Account,
    caller: Caller,
    silence_s: float,
) -> None:
    """Send each chunk as it arrives; the last one when the books are closed."""
    exchange, front = opened.exchange, inference.front
    try:
        media_type = front.media_type.encode()
        await caller.begin(lambda: headers.of_answer(account, front, exchange.raw_headers, media_type))
        last, error = await _pump(opened, follower, account, caller, silence_s)
        account.answer_id = follower.answer_id()
        if account.kept is not None:
            account.kept.add(last)
        if error is None:
            await account.succeed(follower.usage(), follower.excerpt(), follower.finish())
        else:
            await account.break_off(error, follower.usage(), follower.excerpt())
            if follower.failed is None:
                last += front.error_event(error)
        await caller.finish(last)
        caller.unwatch()
        await exchange.finish()
    except BaseException as fault:
        exchange.close()
        if not account.closed:
            await account.break_off(_reason(fault, caller), follower.usage(), follower.excerpt())
        raise


async def _pump(
    opened: Opened, follower: Follower, account: Account, caller: Caller, silence_s: float
) -> tuple[bytes, TianjiError | None]:
    """Relay all but the last piece; return that one, and what went wrong, if anything did."""
    provider = account.target.deployment.provider if account.target else ""
    piece = opened.first
    try:
        while True:
            if follower.failed is not None:
                return piece, follower.failed
            if follower.complete:
                return piece + follower.close(), None
            if piece:
                if account.kept is not None:
                    account.kept.add(piece)
                await caller.write(piece)
            chunk = await opened.exchange.next()
            if not chunk:
                break
            piece = follower.feed(chunk)
    except TimeoutError:
        return b"", UpstreamTimeout(
            f"{provider} fell silent for {silence_s:g} s within its answer", provider=provider
        )
    except ConnectionError as fault:
        return b"", unreachable(provider, fault)
    piece = follower.close()
    if follower.failed is not None:
        return piece, follower.failed
    if follower.complete:
        return piece, None
    return b"", UpstreamError(
        f"{provider} ended its stream before the answer was complete", provider=provider
    )


def _reason(fault: BaseException, caller: Caller) -> TianjiError:
    if caller.gone:
        return ClientGone()
    if isinstance(fault, TianjiError):
        return fault
    return TianjiError("the request was interrupted inside the gateway")


def _text_untold(body: bytes, inference: Inference, target: Target) -> str:
    """Return the text of an answer whose tokens nobody counted; none where only the provider can read it."""
    try:
        return _text_of(target.upstream.response(body, inference.read()))
    except BadRequest:
        return ""  # what could be passed on need not be translatable


def _text_of(answer: Answer) -> str:
    return "".join(_texts(answer))


def _texts(answer: Answer) -> Iterable[str]:
    for choice in answer.choices:
        for block in choice.blocks:
            match block:
                case Text(text=text) | Reasoning(text=text) | Refusal(text=text):
                    yield text
                case ToolCall(name=name, arguments=arguments):
                    yield name + arguments
