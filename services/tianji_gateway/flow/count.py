"""How many tokens a request would have: counted here, so it costs nothing and calls nobody."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Raw

from tianji.wire.front import Front
from tianji_gateway.caller import Caller
from tianji_gateway.flow.admit import admit, admit_route
from tianji_gateway.flow.identify import identify
from tianji_gateway.flow.receive import Call, Named, inference
from tianji_gateway.runtime import Runtime

_NOTHING = Named()


async def count_prompt(
    call: Call,
    front: Front,
    caller: Caller,
    rt: Runtime,
    implied: Mapping[str, Raw] | None = None,
    named: Named = _NOTHING,
) -> int:
    """Count the tokens of a request's prompt.

    `implied` are fields that the format demands and that what is only counted does not have.
    """
    snapshot = rt.snapshots.current
    principal = await identify(call, snapshot, rt.keys, rt.master_hash, rt.guesses)
    admit_route(call, principal, snapshot)
    body = await caller.body(call.headers.get(b"content-length"), rt.largest_body(snapshot))
    request = inference(call, front, "count_tokens", body, named)
    grant = admit(request, principal, snapshot)
    request.fields = {**(implied or {}), **request.fields}
    return await rt.counter.count_messages(request.read(), grant.targets[0].deployment.model)
