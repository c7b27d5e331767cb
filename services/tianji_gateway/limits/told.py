"""What answers tell of limits: `x-ratelimit-*`, and LiteLLM's headers about the key."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from tianji.domain.limits import Limits
from tianji.limits.contract import Bound, Chain, Kind, Left, Limiter
from tianji_gateway.caller import Header
from tianji_gateway.flow.account import Account
from tianji_gateway.limits.bounds import NANO
from tianji_gateway.limits.refusals import descriptor
from tianji_gateway.snapshot.target import header_value

_UNITS: dict[Kind, bytes] = {
    "rpm": b"requests",
    "rpd": b"requests-per-day",
    "tpm": b"tokens",
    "tpd": b"tokens-per-day",
    "itpm": b"input-tokens",
    "otpm": b"output-tokens",
    "parallel": b"max_parallel_requests",
}
_OF_KEY_AND_MODEL = ("rpm", "tpm")
_VERSION: Header = (b"x-litellm-rate-limiter-version", b"v3")
_CHAINS = 4096
_BUCKET = str.maketrans("/:", "--")
"""Signs that no header's name may have."""


class _Names(Struct, frozen=True):
    """How a rate is told: worked out once for each bound of a chain."""

    bound: Bound
    unit: bytes
    limit: bytes
    remaining: tuple[bytes, ...]


def limit_headers(account: Account) -> list[Header]:
    """Return what is left of all that the caller is held to; of the plain names, the tightest."""
    if account.chain is None:
        return []
    limiter, now = account.rt.limiter, time.time()
    headers: list[Header] = [*_priority(account.chain)]
    tightest: dict[bytes, Left] = {}
    for names in _names(account.chain):
        left, unit = limiter.left(names.bound, now), names.unit
        remaining = b"%d" % max(left.remaining, 0)
        headers.append((names.limit, b"%d" % left.limit))
        headers += [(name, remaining) for name in names.remaining]
        if names.bound.kind != "parallel" and (
            unit not in tightest or left.remaining < tightest[unit].remaining
        ):
            tightest[unit] = left
    for unit, left in tightest.items():
        headers.append((b"x-ratelimit-limit-" + unit, b"%d" % left.limit))
        headers.append((b"x-ratelimit-remaining-" + unit, b"%d" % max(left.remaining, 0)))
        wait_s = 0 if left.resets_at is None else max(0, math.ceil(left.resets_at - now))
        headers.append((b"x-ratelimit-reset-" + unit, b"%ds" % wait_s))
    return headers


@lru_cache(maxsize=_CHAINS)
def _names(chain: Chain) -> tuple[_Names, ...]:
    return tuple(_named(bound) for bound in chain.bounds if bound.kind != "budget")


@lru_cache(maxsize=_CHAINS)
def _priority(chain: Chain) -> tuple[Header, ...]:
    """Tell whose part of a model a call uses."""
    shares = (bound.share for bound in chain.bounds if bound.share is not None)
    share = next((share for share in shares if not share.even), None)
    return () if share is None else ((b"x-litellm-priority", header_value(share.name)), _VERSION)


def _named(bound: Bound) -> _Names:
    level, holder = descriptor(bound)
    unit = _UNITS[bound.kind]
    remaining = [b"x-ratelimit-%s-remaining-%s" % (level.encode(), unit)]
    if level == "model_per_key" and bound.kind in _OF_KEY_AND_MODEL:
        model = header_value(holder.partition(":")[2].translate(_BUCKET))
        remaining.append(b"x-litellm-key-remaining-%s-%s" % (unit, model))
    if bound.share is not None and bound.share.even:
        remaining.append(b"x-ratelimit-remaining-litellm-project-%s" % unit)
    elif bound.id.startswith("model:"):
        remaining.append(b"x-ratelimit-remaining-model-%s" % unit)
    limit = b"x-ratelimit-%s-limit-%s" % (level.encode(), unit)
    return _Names(bound, unit, limit, tuple(remaining))


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
