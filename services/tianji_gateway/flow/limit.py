"""Takes from budgets and limits what a call may use, before any provider is asked."""

from __future__ import annotations

import time

from tianji.errors import TianjiError
from tianji.limits.contract import Bound, Chain, Exhausted, LimitsUnavailable, Reservation
from tianji_gateway.flow.account import Account
from tianji_gateway.limits import extent, refusals
from tianji_gateway.limits.chains import chain_of
from tianji_gateway.limits.extent import Size
from tianji_gateway.snapshot.model import Snapshot, Target
from tianji_gateway.snapshot.params import count_of

_SIZED = frozenset({"budget", "tpm"})
"""Kinds for which it matters how large a call is."""


async def limit(account: Account) -> None:
    """Take what the caller needs of all it is held to.

    Raises BudgetExceeded, RateLimited, or Unavailable where a budget cannot be known.
    """
    assert account.snapshot is not None and account.principal is not None and account.grant is not None
    snapshot, grant = account.snapshot, account.grant
    chain = chain_of(account.principal, account.labels, grant, snapshot.limits, account.call.started_at)
    if chain is None:
        return
    account.chain = chain
    try:
        account.held = await _taken(account, chain, grant.targets, snapshot)
    except Exhausted as exhausted:
        raise refusals.refusal(exhausted, snapshot) from None


async def allot(account: Account, target: Target) -> TianjiError | None:
    """Take what a call needs of a deployment and its provider; return why not where they are over a limit.

    What an attempt before it took is given back. Raises Unavailable where a budget cannot be known.
    """
    account.release_target()
    if target.chain is None:
        return None
    assert account.snapshot is not None and account.grant is not None
    try:
        account.held_of_target = await _taken(account, target.chain, (target,), account.snapshot)
    except Exhausted as exhausted:
        return refusals.none_left(exhausted, account.grant.group)
    return None


async def _taken(
    account: Account, chain: Chain, targets: tuple[Target, ...], snapshot: Snapshot
) -> Reservation:
    """Take by what is cheap to know; where that is refused and the size decides, count and ask again."""
    sized = any(bound.kind in _SIZED for bound in chain.bounds)
    size = _size(account) if sized else None
    try:
        return await _ask(account, chain, targets, snapshot, size)
    except Exhausted as exhausted:
        if size is None or account.counted or exhausted.bound.kind not in _SIZED:
            raise
    assert account.inference is not None
    model = targets[0].deployment.model
    account.size = await extent.counted(size, account.inference, account.rt.counter, model)
    account.counted = True
    return await _ask(account, chain, targets, snapshot, account.size)


async def _ask(
    account: Account, chain: Chain, targets: tuple[Target, ...], snapshot: Snapshot, size: Size | None
) -> Reservation:
    cost_nano, tokens = (0, 0) if size is None else _needs(chain, targets, snapshot, size)
    limiter, now = account.rt.limiter, time.time()
    taken = limiter.take(chain, cost_nano, tokens, now)
    if taken is None:
        try:
            taken = await limiter.ask(chain, cost_nano, tokens, now)
        except LimitsUnavailable as fault:
            if snapshot.settings.general.get("budget_failure_mode") != "serve":
                raise refusals.unavailable(fault) from None
            taken = limiter.force(chain, cost_nano, tokens, now)
    account.reserved_nano = max(account.reserved_nano, cost_nano)
    return taken


def _size(account: Account) -> Size:
    if account.size is None:
        assert account.inference is not None
        account.size = extent.size_of(account.inference)
    return account.size


def _needs(chain: Chain, targets: tuple[Target, ...], snapshot: Snapshot, size: Size) -> tuple[int, int]:
    """Return the most that a call may cost wherever it goes, and the tokens that it is known to use."""
    most_output = count_of(snapshot.settings.general.get("max_reserved_output_tokens"))
    cost_nano = max(size.cost_nano(target, most_output) for target in targets)
    tokens = size.input + (size.output or 0)
    if size.output:
        # An answer that may be longer than what a minute allows waits for all of a minute, not for ever.
        tokens = max(size.input, min(tokens, _least_tpm(chain.bounds, tokens)))
    return cost_nano, tokens


def _least_tpm(bounds: tuple[Bound, ...], default: int) -> int:
    return min((bound.limit for bound in bounds if bound.kind == "tpm"), default=default)
