"""Asks for less, where what is left refuses a call: its input counted, then an answer that is shorter."""

from __future__ import annotations

import re
import time

from msgspec.structs import replace

from tianji.errors import BudgetExceeded, UnsupportedParameter
from tianji.limits.contract import OF_SPLIT, OF_TOKENS, Bound
from tianji_gateway.flow.account import Account
from tianji_gateway.flow.translate import Translation, translate
from tianji_gateway.limits import extent, refusals, shorter
from tianji_gateway.snapshot.model import Snapshot, Target

SIZED = frozenset({"budget", *OF_TOKENS, *OF_SPLIT})
"""Kinds of bounds for which it matters how large a call is."""
_DROPPED = re.compile(r"dropped \S*max_?(?:completion_|output)?_?tokens", re.IGNORECASE)


async def asks_less(
    account: Account, bound: Bound, targets: tuple[Target, ...], snapshot: Snapshot, *, shortens: bool
) -> bool:
    """Count a call that a bound has refused, or shorten its answer; say whether to ask again."""
    assert account.inference is not None and account.size is not None
    if not account.counted:
        model, bound_by = targets[0].deployment.model, account.size
        account.size = await extent.counted(bound_by, account.inference, account.rt.counter, model)
        account.counted = True
        if bound.kind != "budget" and account.size != bound_by:
            return True  # who is refused then is told how long it is to wait for what it needs in truth
    size, paid = account.size, paid_for(account, bound, targets)
    if paid >= shorter.longest(bound, targets, size, snapshot):
        return True
    if not shortens or not shorter.may_shorten(bound, account.inference, size, snapshot):
        return False
    cap = shorter.shorter(paid, shorter.least_of(account.inference, snapshot))
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


def _untold(account: Account, target: Target) -> BudgetExceeded:
    assert account.snapshot is not None
    return BudgetExceeded(
        f"What is left of a budget pays for an answer of {account.shortened} tokens at most, and "
        f"{target.deployment.provider} takes no such limit. Raise the budget, or use another model",
        status=refusals.status_of(account.snapshot),
        headers={},
        facts={"max_tokens": account.shortened},
    )
