"""The straight line: one inference from its credential to its spend event."""

from __future__ import annotations

import asyncio
import logging
import time
from random import random

from tianji.errors import BadRequest, ClientGone, TianjiError, Unavailable, UpstreamError
from tianji.obs.logging import request_id
from tianji.wire.front import Front
from tianji_gateway.caller import Caller
from tianji_gateway.flow import call as attempt
from tianji_gateway.flow import headers, observe, receive
from tianji_gateway.flow.account import Account
from tianji_gateway.flow.admit import admit, admit_route
from tianji_gateway.flow.canned import canned
from tianji_gateway.flow.guard import guard
from tianji_gateway.flow.identify import identify, serve_customer
from tianji_gateway.flow.instead import limit_or_instead
from tianji_gateway.flow.kept import kept_for
from tianji_gateway.flow.labels import labels_of
from tianji_gateway.flow.limit import allot
from tianji_gateway.flow.prepare import prepare
from tianji_gateway.flow.recall import recall
from tianji_gateway.flow.receive import Call, Inference, Named
from tianji_gateway.flow.relay import relay_stream, relay_whole, written
from tianji_gateway.flow.required import require_params
from tianji_gateway.flow.retell import retold
from tianji_gateway.flow.route import route
from tianji_gateway.flow.shorten import translated
from tianji_gateway.flow.translate import follower
from tianji_gateway.flow.wishes import Wishes, keep_alive_s, wishes_of
from tianji_gateway.runtime import Runtime
from tianji_gateway.snapshot.model import Target

log = logging.getLogger(__name__)

_NOTHING = Named()
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0


async def serve(
    call: Call, front: Front, call_type: str, caller: Caller, rt: Runtime, named: Named = _NOTHING
) -> None:
    """Walk the line; answer every fault in the caller's format. Never raises but for cancellation."""
    account = Account(call, rt)
    request_id.set(call.id)
    observe.arrived()
    try:
        await _walk(account, front, call_type, caller, named)
    except TianjiError as error:
        await _refuse(error, account, front, caller)
    except RecursionError:
        await _refuse(BadRequest("the request body is nested too deeply"), account, front, caller)
    except asyncio.CancelledError:
        if not caller.gone:
            account.fail(Unavailable("the gateway is shutting down"))
            raise
        caller.keep_going()
        await account.abandon()
        await _refuse(ClientGone(), account, front, caller)
    except Exception:
        log.exception("a request failed inside the gateway")
        fault = TianjiError(f"something went wrong inside the gateway; its log has more under {call.id}")
        await _refuse(fault, account, front, caller)
    finally:
        caller.unwatch()
        observe.served(account)
        account.error = None  # its traceback holds this call: only the garbage collector would part them


async def _walk(account: Account, front: Front, call_type: str, caller: Caller, named: Named) -> None:
    call, rt = account.call, account.rt
    snapshot = account.snapshot = rt.snapshots.current  # taken once: a swap never changes a request midway
    principal = account.principal = await identify(call, snapshot, rt.keys, rt.master_hash, rt.guesses)
    admit_route(call, principal, snapshot)
    body = await caller.body(call.headers.get(b"content-length"), rt.largest_body(snapshot))
    inference = account.inference = receive.inference(call, front, call_type, body, named)
    account.labels = labels_of(inference, principal)
    account.kept = kept_for(inference, account.labels.metadata, snapshot.settings)
    await serve_customer(principal, account.labels.end_user, rt.keys)
    require_params(inference, principal, snapshot)
    account.grant = canned(inference, admit(inference, principal, snapshot))
    wishes = wishes_of(inference, snapshot)
    prepare(inference)
    guard(inference)
    recall(inference)
    await limit_or_instead(account)
    caller.watch()
    every_s = keep_alive_s(snapshot)
    if inference.stream and every_s:
        caller.keep_alive(every_s, front.keep_alive, lambda: headers.of_opening(account, front))
    await _attempts(wishes, account, caller)


async def _attempts(wishes: Wishes, account: Account, caller: Caller) -> None:
    """Try deployments until one has answered; one that is over a limit of its own is passed over."""
    inference, grant = account.inference, account.grant
    assert inference is not None and grant is not None
    failure: UpstreamError | None = None
    passed = 0
    targets = route(grant)
    while True:
        target = next(targets)
        if failure is not None:
            await _pause(failure, account, target)
        if target.chain is not None or account.held_of_target is not None:
            over = await allot(account, target, last=passed + 1 == len(grant.targets))
            if over is not None:
                passed += 1
                if passed < len(grant.targets):
                    continue
                raise failure or over
        passed = 0
        try:
            return await _try(inference, target, wishes, account, caller)
        except UpstreamError as fault:
            observe.failed(target, fault)
            if fault.retryable:
                account.rt.failures.note(target.id)
            if account.closed or not fault.retryable or account.attempts > wishes.retries:
                raise
            failure = fault


async def _try(
    inference: Inference, target: Target, wishes: Wishes, account: Account, caller: Caller
) -> None:
    """Make one attempt and relay its answer. Raises UpstreamError while nothing has been relayed."""
    client = account.rt.client
    translation = translated(account, target)
    following = follower(inference, target, same=translation.same) if inference.stream else None
    patience_s = wishes.patience(target, stream=inference.stream)
    account.begin(target)
    started = time.perf_counter()
    try:
        if following is not None:
            opened = await attempt.stream(translation.request, target, client, patience_s, following)
            account.first_token_at = time.time()
        else:
            whole = await attempt.whole(translation.request, target, client, patience_s)
    finally:
        account.upstream_s += time.perf_counter() - started
    if following is not None:
        if isinstance(opened, attempt.Whole):
            opened, following = retold(opened, inference, target)
        await relay_stream(opened, following, inference, account, caller, patience_s)
    else:
        answer = written(whole, inference, target, same=translation.same)
        await relay_whole(answer, whole, inference, account, caller)


async def _pause(failure: UpstreamError, account: Account, target: Target) -> None:
    """Wait before a deployment that has just failed is asked again; another one is asked at once."""
    if target is not account.target:
        return
    pause_s = _FIRST_PAUSE_S * 2 ** (account.attempts - 1) * (0.5 + random() / 2)
    asked = failure.headers.get("retry-after", "")
    if asked.isdecimal():
        pause_s = max(pause_s, float(asked))
    await asyncio.sleep(min(pause_s, _LONGEST_PAUSE_S))


async def _refuse(error: TianjiError, account: Account, front: Front, caller: Caller) -> None:
    """Answer with an error, or end a stream that has begun with one."""
    account.fail(error)
    await caller.hush()
    if caller.started:
        await caller.finish(front.error_event(error))
        return
    await caller.answer(error.status, headers.of_error(account, front, error), front.error(error))
