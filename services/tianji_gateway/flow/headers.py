"""The headers of an inference answer, as the clients of the LiteLLM proxy know them."""

from __future__ import annotations

import time
from collections.abc import Iterable

from tianji import __version__
from tianji.errors import TianjiError
from tianji.wire.front import Front
from tianji_gateway.caller import Header
from tianji_gateway.flow.account import Account
from tianji_gateway.flow.receive import Call
from tianji_gateway.limits.told import SPEND, chain_headers, key_headers, rates_told, spend_told
from tianji_gateway.snapshot.model import Snapshot
from tianji_gateway.snapshot.target import header_value

_VERSION = (b"x-litellm-version", __version__.encode())
_JSON = (b"content-type", b"application/json")
_PRIVATE = frozenset(
    {
        b"authorization",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"www-authenticate",
    }
)
"""What concerns the gateway's own connection to the provider, or its credentials."""


def of_answer(account: Account, front: Front, upstream: Iterable[Header], media_type: bytes) -> list[Header]:
    """Return the headers of a good answer; its cost is told once the books are closed."""
    headers = [(b"content-type", media_type), *_common(account.call, front), *_account(account)]
    if account.closed:
        headers.append((b"x-litellm-response-cost", account.cost_text.encode()))
    counted = rates_told(account.chain)
    for name, value in upstream:
        name = name.lower()
        if name in _PRIVATE:
            continue
        headers.append((b"llm_provider-" + name, value))
        if name.startswith(b"x-ratelimit-") and not counted:
            headers.append((name, value))
    return headers


def of_opening(account: Account, front: Front) -> list[Header]:
    """Return the headers of a stream that begins before it is known who will answer."""
    media_type = front.media_type.encode()
    return [(b"content-type", media_type), *_common(account.call, front), *_request(account)]


def of_error(account: Account, front: Front, error: TianjiError) -> list[Header]:
    """Return the headers of an error: what is known of the request by then; a stranger's has no account."""
    headers = [_JSON, *_common(account.call, front)]
    if account.principal is not None:
        headers += _account(account)
        headers.append((b"x-litellm-response-cost", account.cost_text.encode()))
    elif account.snapshot is not None:
        headers.append(_snapshot(account.snapshot))
    for name, value in error.headers.items():
        headers.append((name.lower().encode("latin-1", "replace"), header_value(value)))
    return headers


def _common(call: Call, front: Front) -> list[Header]:
    call_id = call.id.encode()
    if not front.id_header:
        return [(b"x-litellm-call-id", call_id), _VERSION]
    return [(b"x-litellm-call-id", call_id), _VERSION, (front.id_header, call_id)]


def _account(account: Account) -> list[Header]:
    headers = _request(account)
    if account.target is not None:
        headers += account.target.headers
    return headers


def _snapshot(snapshot: Snapshot) -> Header:
    return (b"x-tianji-snapshot", b"%d" % snapshot.revision)


def _request(account: Account) -> list[Header]:
    lasted_ms = (time.perf_counter() - account.call.started) * 1000
    headers = [
        (b"x-litellm-response-duration-ms", b"%.3f" % lasted_ms),
        (b"x-litellm-overhead-duration-ms", b"%.3f" % max(lasted_ms - account.upstream_s * 1000, 0.0)),
        (b"x-litellm-attempted-retries", b"%d" % max(account.attempts - 1, 0)),
        (b"x-litellm-attempted-fallbacks", b"0"),
    ]
    if account.principal is not None:
        key = account.principal.key
        if not spend_told(account.chain):
            headers.append((SPEND, header_value(key.spend)))
        if (limits := key.limits) is not None:
            headers += key_headers(limits.max_budget, limits.tpm, limits.rpm)
        if account.chain is not None:
            headers += chain_headers(account.chain, account.rt.limiter)
    if account.shortened is not None:
        headers.append((b"x-tianji-max-tokens-lowered", b"%d" % account.shortened))
    if account.snapshot is not None:
        headers.append(_snapshot(account.snapshot))
    if account.grant is not None:
        headers.append((b"x-litellm-model-group", header_value(account.grant.group)))
    return headers
