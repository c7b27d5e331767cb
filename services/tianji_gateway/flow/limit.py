"""Takes from budgets and limits what a call may use, before any provider is asked."""

from __future__ import annotations

import time
from collections.abc import Container

from tianji.errors import TianjiError
from tianji.limits.contract import (
    NO_SPLIT,
    OF_SPLIT,
    OF_TOKENS,
    Bound,
    Chain,
    Exhausted,
    Kind,
    LimitsUnavailable,
    Reservation,
    Split,
)
from tianji.obs import metrics
from tianji_gateway.flow.account import Account
from tianji_gateway.flow.shorten import SIZED, asks_less, paid_for, shorten
from tianji_gateway.limits import extent, refusals
from tianji_gateway.limits.extent import Size
from tianji_gateway.limits.recent import recent_chain
from tianji_gateway.limits.refused import refused_by
from tianji_gateway.snapshot.model import Snapshot, Target

_TRIES = 8
"""How often what others leave is asked for, while they take it away."""


async def limit(account: Account) -> None:
    """Take what the caller needs of all it is held to; of the answer, as much as can be paid for.

    Raises BudgetExceeded, RateLimited, or Unavailable where a budget cannot be known.
    """
    assert account.snapshot is not None and account.principal is not None and account.grant is not None
    snapshot, grant = account.snapshot, account.grant
    strained = account.rt.failures.strained(target.id for target in grant.targets)
    now = account.call.started_at
    chain = recent_chain(account.principal, account.labels, grant, snapshot.limits, now, strained=strained)
    if chain is None:
        return
    account.chain = chain
    try:
        account.held = await _taken(account, chain, grant.targets, snapshot)
    except Exhausted as exhausted:
        _note(account, exhausted)
        paid = paid_for(account, exhausted.bound, grant.targets)
        raise refusals.refusal(exhausted, snapshot, paid, account.principal.key) from None


async def allot(account: Account, target: Target, *, last: bool) -> TianjiError | None:
    """Take what a call needs of a deployment and its provider; return why not where they are over a limit.

    `last` says that there is no other deployment: only then the answer is made shorter. What an attempt
    before it took is given back. Raises Unavailable where a budget cannot be known.
    """
    account.release_target()
    if target.chain is None:
        return None
    assert account.snapshot is not None and account.grant is not None
    try:
        account.held_of_target = await _taken(account, target.chain, (target,), account.snapshot, last=last)
    except Exhausted as exhausted:
        _note(account, exhausted)
        paid = paid_for(account, exhausted.bound, (target,))
        return refusals.none_left(exhausted, account.grant.group, paid)
    return None


def _note(account: Account, exhausted: Exhausted) -> None:
    account.refused = refused_by(exhausted, time.time())
    metrics.limit_refusals.labels(kind=exhausted.bound.kind).inc()


async def _taken(
    account: Account,
    chain: Chain,
    targets: tuple[Target, ...],
    snapshot: Snapshot,
    *,
    last: bool = True,
) -> Reservation:
    """Take by what is cheap to know; where that is refused and the size decides, ask for less."""
    if not any(bound.kind in SIZED for bound in chain.bounds):
        return await _ask(account, chain, targets, snapshot, None)
    tries = 0
    while True:
        size = account.size or _size(account)
        try:
            taken = await _ask(account, chain, targets, snapshot, size)
        except Exhausted as exhausted:
            tries += 1
            if tries - account.looks >= _TRIES or exhausted.bound.kind not in SIZED:
                raise
            if not await asks_less(account, exhausted, targets, snapshot, last=last):
                raise
        else:
            if size.cap is not None and size.cap != account.shortened:
                shorten(account, size.cap)
            return taken


async def _ask(
    account: Account, chain: Chain, targets: tuple[Target, ...], snapshot: Snapshot, size: Size | None
) -> Reservation:
    cost_nano, tokens, split = (0, 0, NO_SPLIT) if size is None else _needs(chain, targets, snapshot, size)
    limiter, now = account.rt.limiter, time.time()
    taken = limiter.take(chain, cost_nano, tokens, now, split)
    if taken is None:
        try:
            taken = await limiter.ask(chain, cost_nano, tokens, now, split)
        except LimitsUnavailable as fault:
            if snapshot.settings.general.get("budget_failure_mode") != "serve":
                raise refusals.unavailable(fault) from None
            taken = limiter.force(chain, cost_nano, tokens, now, split)
    account.reserved_nano = max(account.reserved_nano, cost_nano)
    return taken


def _size(account: Account) -> Size:
    assert account.inference is not None
    account.size = extent.size_of(account.inference)
    return account.size


def _needs(
    chain: Chain, targets: tuple[Target, ...], snapshot: Snapshot, size: Size
) -> tuple[int, int, Split]:
    """Return the most that a call may cost wherever it goes, the tokens that it is known to use, and the
    most of each way that it may use.
    """
    most_output = snapshot.most_reserved
    cost_nano = max([size.cost_nano(target, most_output) for target in targets])
    said = size.said
    tokens = size.input + (said or 0)
    if said:
        # An answer that may be longer than what a minute allows waits for all of a minute, not for ever.
        tokens = max(size.input, min(tokens, _least(chain.bounds, OF_TOKENS, tokens)))
    if chain.kinds.isdisjoint(OF_SPLIT):
        return cost_nano, tokens, NO_SPLIT
    longest = max(size.output_on(target, most_output) for target in targets) * size.answers
    return cost_nano, tokens, Split(size.input, _least(chain.bounds, OF_SPLIT[1:], longest))


def _least(bounds: tuple[Bound, ...], kinds: Container[Kind], amount: int) -> int:
    """Return an amount, or the least limit of some kinds where that is less."""
    return min([amount, *(_own(bound) for bound in bounds if bound.kind in kinds)])


def _own(bound: Bound) -> int:
    """Return what of a limit can always be had, sooner or later."""
    share = bound.share
    return bound.limit if share is None or share.even else share.reserved
