"""What answers tell of limits: `x-ratelimit-*`, and LiteLLM's headers about the key."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from tianji.domain.limits import Limits
from tianji.limits.contract import Bound, Left, Limiter
from tianji_gateway.caller import Header
from tianji_gateway.flow.account import Account
from tianji_gateway.limits.bounds import NANO
from tianji_gateway.limits.refusals import descriptor
from tianji_gateway.snapshot.target import header_value

_UNITS = {"rpm": b"requests", "tpm": b"tokens", "parallel": b"max_parallel_requests"}
_PLAIN = ("rpm", "tpm")
_BUCKET = str.maketrans("/:", "--")
"""Signs that no header's name may have."""


def limit_headers(account: Account) -> list[Header]:
    """Return what is left of all that the caller is held to; of the plain names, the tightest."""
    chain, limiter, now = account.chain, account.rt.limiter, time.time()
    if chain is None:
        return []
    headers: list[Header] = []
    tightest: dict[str, Left] = {}
    for bound in chain.bounds:
        if bound.kind == "budget":
            continue
        left = limiter.left(bound, now)
        headers += _of_level(bound, left)
        if bound.kind in _PLAIN and (
            bound.kind not in tightest or left.remaining < tightest[bound.kind].remaining
        ):
            tightest[bound.kind] = left
    for kind, left in tightest.items():
        unit = _UNITS[kind]
        headers.append((b"x-ratelimit-limit-" + unit, b"%d" % left.limit))
        headers.append((b"x-ratelimit-remaining-" + unit, b"%d" % max(left.remaining, 0)))
        wait_s = 0 if left.resets_at is None else max(0, math.ceil(left.resets_at - now))
        headers.append((b"x-ratelimit-reset-" + unit, b"%ds" % wait_s))
    return headers


def key_headers(limits: Limits) -> Iterator[Header]:
    """Yield what a key may use."""
    for name, value in (
        ("max-budget", limits.max_budget),
        ("tpm-limit", limits.tpm),
        ("rpm-limit", limits.rpm),
    ):
        if value is not None:
            yield f"x-litellm-key-{name}".encode(), header_value(str(value))


def key_spend(account: Account, limiter: Limiter) -> bytes | None:
    """Return what a key has spent of its budget as this process knows it, in US dollars."""
    if account.chain is None or account.principal is None:
        return None
    id = f"key:{account.principal.key.hash}"
    bound = next((b for b in account.chain.bounds if b.kind == "budget" and b.id == id), None)
    if bound is None:
        return None
    left = limiter.left(bound, time.time())
    return format((left.limit - left.remaining) / NANO, ".9f").rstrip("0").rstrip(".").encode()


def _of_level(bound: Bound, left: Left) -> Iterator[Header]:
    level, holder = descriptor(bound)
    unit = _UNITS[bound.kind]
    yield b"x-ratelimit-%s-limit-%s" % (level.encode(), unit), b"%d" % left.limit
    yield b"x-ratelimit-%s-remaining-%s" % (level.encode(), unit), b"%d" % max(left.remaining, 0)
    if level == "model_per_key" and bound.kind in _PLAIN:
        model = header_value(holder.partition(":")[2].translate(_BUCKET))
        yield b"x-litellm-key-remaining-%s-%s" % (unit, model), b"%d" % max(left.remaining, 0)
