"""Asks for less, where what is left refuses a call: its input counted, then an answer that is shorter.

Between the two it waits for calls that only hold what this one needs.
"""

from __future__ import annotations

import re
import time

from msgspec.structs import replace

from tianji.errors import BudgetExceeded, UnsupportedParameter
from tianji.limits.contract import OF_SPLIT, OF_TOKENS, Bound, Exhausted
from tianji.obs import metrics
from tianji_gateway.flow.account import Account
from tianji_gateway.flow.translate import Translation, translate
from tianji_gateway.limits import extent, refusals, shorter
from tianji_gateway.limits.patience import MOST_WAITING, Patience, may_come
from tianji_gateway.snapshot.model import Snapshot, Target

SIZED = frozenset({"budget", *OF_TOKENS, *OF_SPLIT})
"""Kinds of bounds for which it matters how large a call is."""
_DROPPED = re.compile(r"dropped \S*max_?(?:completion_|output)?_?tokens", re.IGNORECASE)


async def asks_less(
    account: Account, exhausted: Exhausted, targets: tuple[Target, ...], snapshot: Snapshot, *, last: bool
) -> bool:
    """Count a call that was refused, wait for others, or shorten its answer; say whether to ask again.

    `last` says that it can go nowhere else.
    """
    assert account.inference is not None and account.size is not None
    bound = exhausted.bound
    if not account.counted:
        model = targets[0].deployment.model
        account.size = await extent.counted(account.size, account.inference, account.rt.counter, model)
        account.counted = True
        return True  # also for who is refused again: it is told how long to wait for what it needs in truth
    size, paid = account.size, paid_for(account, bound, targets)
    if paid >= shorter.longest(bound, targets, size, snapshot):
        if last and bound.kind == "budget":
            await _waited(account, snapshot)  # others who came first are to get it
        return True
    if not last:
        return False
    if not shorter.may_shorten(bound, account.inference, size, snapshot):
        needs = max(size.cost_nano(target, snapshot.most_reserved) for target in targets)
        return may_come(exhausted, needs) and await _waited(account, snapshot)
    usual = account.rt.usual.of(target.id for target in targets)
    least = shorter.least_of(account.inference, snapshot, usual)
    enough = least + shorter.comfortable(usual)
    cap: int | None = None
    if exhausted.contended and paid < enough:
        # What there will be once all others have ended, at no cost: no more is worth waiting for.
        most = shorter.paid_for(bound, bound.limit - exhausted.spent, targets, size)
        if most >= least and await _waited(account, snapshot):
            cap = min(most, enough)
    cap = cap or shorter.shorter(paid, least, usual, alone=not exhausted.contended)
    if cap is not None:
        account.size = replace(size, cap=cap)
    return cap is not None


def paid_for(account: Account, bound: Bound, targets: tuple[Target, ...]) -> int:
    """Return how many tokens of each answer are paid for by what is left of a bound."""
    if bound.kind not in SIZED or account.size is None:
        return 0
    left = account.rt.limiter.left(bound, time.time()).remaining
    return shorter.paid_for(bound, left, targets, account.size)


def shorten(account: Account, most: int) -> None:
    """Have the request say how long its answer may be."""
    assert account.inference is not None
    account.shortened = most
    account.inference.front.shorten(account.inference.fields, most)
    account.inference.ask = None  # it was read before it said so


def translated(account: Account, target: Target) -> Translation:
    """Translate a request. Raises BudgetExceeded where the provider cannot be told how short to be."""
    assert account.inference is not None
    if account.shortened is None:
        return translate(account.inference, target)
    try:
        translation = translate(account.inference, target)
    except UnsupportedParameter as fault:
        if fault.param not in ("max_tokens", "max_completion_tokens"):
            raise
        raise _untold(account, target) from None
    if any(map(_DROPPED.match, translation.request.warnings)):
        raise _untold(account, target)
    return translation


async def _waited(account: Account, snapshot: Snapshot) -> bool:
    """Wait for calls that hold what this one needs; say whether to ask again."""
    rt = account.rt
    if account.patience is None:
        account.patience = Patience(snapshot)
        metrics.budget_waits.inc()
    if rt.waiting >= MOST_WAITING:
        return False
    rt.waiting += 1
    try:
        waited = await account.patience.look()
    finally:
        rt.waiting -= 1
    account.looks += waited
    return waited


def _untold(account: Account, target: Target) -> BudgetExceeded:
    assert account.snapshot is not None
    return BudgetExceeded(
        f"What is left of a budget pays for an answer of {account.shortened} tokens at most, and "
        f"{target.deployment.provider} takes no such limit. Raise the budget, or use another model",
        status=refusals.status_of(account.snapshot),
        headers={},
        facts={"max_tokens": account.shortened},
    )
