"""OpenAI's chat completions."""

from __future__ import annotations

from tianji.wire.chat import ChatFront
from tianji_gateway.caller import Caller
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.flow.line import serve
from tianji_gateway.flow.receive import Named, opened
from tianji_gateway.runtime import Runtime

FRONT = ChatFront()


async def completions(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1/chat/completions"""
    call = opened(asked.scope, asked.template)
    await serve(call, FRONT, "acompletion", caller, rt, Named(asked.params.get("model")))
