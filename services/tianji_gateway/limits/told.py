"""What answers tell of limits: `x-ratelimit-*`, and LiteLLM's headers about the key."""

from __future__ import annotations

import math
import re
import time
from functools import lru_cache

from msgspec import Struct

from tianji.limits.contract import Bound, Chain, Kind, Left, Limiter
from tianji_gateway.caller import Header
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
SPEND = b"x-litellm-key-spend"
_OF_KEY = re.compile("key:[^:@]*")
_BUCKET = str.maketrans("/:", "--")
"""Signs that no header's name may have."""


class _Names(Struct, frozen=True, eq=False):
    """How a rate is told."""

    unit: bytes
    limit: bytes
    remaining: tuple[bytes, ...]
    plain: bool
    """Whether it is also told by the plain names, where it is the tightest."""


class _Terms(Struct, frozen=True, eq=False):
    """How a chain is told: worked out once. Bounds go by their identity, which costs less than their hash."""

    rates: dict[int, _Names]
    of_key: int | None
    """The key's own budget."""
    fixed: tuple[Header, ...]
    """What is told in the same words each time."""
    plain: bool


def rates_told(chain: Chain | None) -> bool:
    """Say whether answers tell by the plain names of a rate that the caller is held to."""
    return chain is not None and _terms(chain).plain


def spend_told(chain: Chain | None) -> bool:
    """Say whether `chain_headers` tell what the key has spent."""
    return chain is not None and _terms(chain).of_key is not None


def chain_headers(chain: Chain, limiter: Limiter) -> list[Header]:
    """Return what is left of all that a caller is held to, and what the key has spent, as known here.

    The plain names tell of the tightest.
    """
    terms, now = _terms(chain), time.time()
    rates, of_key = terms.rates, terms.of_key
    headers = list(terms.fixed)
    tightest: dict[bytes, Left] = {}
    for bound, seat in limiter.seats(chain, now):
        place = id(bound)
        if place in rates:
            names, left = rates[place], seat.left(bound, now)
            unit, remaining = names.unit, b"%d" % left.remaining
            for name in names.remaining:
                headers.append((name, remaining))
            if bound.share is not None:
                headers.append((names.limit, b"%d" % left.limit))
            if names.plain and (unit not in tightest or left.remaining < tightest[unit].remaining):
                tightest[unit] = left
        elif place == of_key:
            headers.append((SPEND, _spent(seat.left(bound, now))))
    for unit, left in tightest.items():
        wait_s = 0 if left.resets_at is None else max(0, math.ceil(left.resets_at - now))
        headers += [
            (b"x-ratelimit-limit-" + unit, b"%d" % left.limit),
            (b"x-ratelimit-remaining-" + unit, b"%d" % left.remaining),
            (b"x-ratelimit-reset-" + unit, b"%ds" % wait_s),
        ]
    return headers


@lru_cache(maxsize=_CHAINS)
def _terms(chain: Chain) -> _Terms:
    bounds = [bound for bound in chain.bounds if bound.kind != "budget"]
    rates = {id(bound): _named(bound) for bound in bounds}
    limits = [(rates[id(b)].limit, b"%d" % b.limit) for b in bounds if b.share is None]
    of_key = (id(b) for b in chain.bounds if b.kind == "budget" and _OF_KEY.fullmatch(b.id))
    return _Terms(
        rates=rates,
        of_key=next(of_key, None),
        fixed=(*_priority(chain), *limits),
        plain=any(names.plain for names in rates.values()),
    )


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
    return _Names(unit, limit, tuple(remaining), bound.kind != "parallel")


@lru_cache(maxsize=_CHAINS)
def key_headers(max_budget: str | None, tpm: int | None, rpm: int | None) -> tuple[Header, ...]:
    """Return what a key may use."""
    said = ((b"max-budget", max_budget), (b"tpm-limit", tpm), (b"rpm-limit", rpm))
    return tuple(
        (b"x-litellm-key-" + name, header_value(str(value))) for name, value in said if value is not None
    )


def _spent(left: Left) -> bytes:
    return format(left.spent / NANO, ".9f").rstrip("0").rstrip(".").encode()
