"""Anthropic's Messages."""

from __future__ import annotations

from msgspec import Raw

from tianji.wire.messages import MessagesFront
from tianji_gateway.caller import Caller
from tianji_gateway.endpoints.answers import send_json
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.flow.count import count_prompt
from tianji_gateway.flow.line import serve
from tianji_gateway.flow.receive import opened
from tianji_gateway.runtime import Runtime

FRONT = MessagesFront()


async def create(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1/messages"""
    await serve(opened(asked.scope, asked.template), FRONT, "anthropic_messages", caller, rt)


async def count_tokens(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1/messages/count_tokens"""
    call = opened(asked.scope, asked.template)
    tokens = await count_prompt(call, FRONT, caller, rt, {"max_tokens": Raw(b"1")})
    await send_json(caller, {"input_tokens": tokens})
