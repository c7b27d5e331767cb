"""Anthropic's Messages."""

from __future__ import annotations

from msgspec import Raw

from tianji.wire.messages import MessagesFront
from tianji_gateway.caller import Caller
from tianji_gateway.endpoints.answers import send_json
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.flow.admit import admit, admit_route
from tianji_gateway.flow.identify import identify
from tianji_gateway.flow.line import serve
from tianji_gateway.flow.receive import inference, opened
from tianji_gateway.runtime import Runtime

FRONT = MessagesFront()


async def create(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1/messages"""
    await serve(opened(asked.scope, asked.template), FRONT, "anthropic_messages", caller, rt)


async def count_tokens(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1/messages/count_tokens: counted here, so it costs nothing and calls nobody."""
    call = opened(asked.scope, asked.template)
    snapshot = rt.snapshots.current
    principal = await identify(call, snapshot, rt.keys, rt.master_hash, rt.guesses)
    admit_route(call, principal)
    body = await caller.body(call.headers.get(b"content-length"), rt.largest_body(snapshot))
    request = inference(call, FRONT, "count_tokens", body)
    grant = admit(request, principal, snapshot)
    request.fields.setdefault("max_tokens", Raw(b"1"))  # what is counted has no length of its own
    tokens = await rt.counter.count_messages(request.read(), grant.targets[0].deployment.model)
    await send_json(caller, {"input_tokens": tokens})
