"""OpenAI's Responses API."""

from __future__ import annotations

from tianji.errors import TianjiError
from tianji.wire.responses import ResponsesFront
from tianji_gateway.caller import Caller
from tianji_gateway.endpoints.answers import send_json
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.flow.count import count_prompt
from tianji_gateway.flow.line import serve
from tianji_gateway.flow.receive import opened
from tianji_gateway.runtime import Runtime

FRONT = ResponsesFront()


async def create(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1/responses"""
    await serve(opened(asked.scope, asked.template), FRONT, "aresponses", caller, rt)


async def open_socket(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /v1/responses: agents ask for a WebSocket first, and take this answer for a plain no."""
    raise TianjiError(
        "responses are served over HTTP only: POST the request, with `stream` for events",
        status=426,
        type="invalid_request_error",
        headers={"upgrade": "HTTP/1.1"},
    )


async def count_tokens(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1/responses/input_tokens"""
    tokens = await count_prompt(opened(asked.scope, asked.template), FRONT, caller, rt)
    await send_json(caller, {"object": "response.input_tokens", "input_tokens": tokens})
