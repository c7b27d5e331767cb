"""How much shorter an answer must be, where what is left does not pay for the longest one."""

from __future__ import annotations

from collections.abc import Iterable

from tianji.errors import BadRequest
from tianji.limits.contract import Bound
from tianji_gateway.flow.receive import Inference
from tianji_gateway.limits.extent import Size
from tianji_gateway.snapshot.model import Snapshot, Target
from tianji_gateway.snapshot.params import count_of

ALWAYS = "always"
NEVER = "never"
LEAST = 16
"""An answer of fewer tokens is of no use, and some providers take no lower number."""
COMFORTABLE = 4096
"""Longer answers are rare: of what is left beyond, half is for the calls that come meanwhile."""
_UNUSUAL = 8
"""An answer that may be so many times as long as usual ones is hardly ever cut."""

_DEMANDED = frozenset({"messages"})
"""Client formats whose requests must name the most tokens, so that it is no wish to name many."""


def paid_for(bound: Bound, left: int, targets: Iterable[Target], size: Size) -> int:
    """Return how many tokens of an answer are paid for by what is left of a bound; less than 0 for none."""
    if bound.kind == "budget":
        return min(size.output_for(target, left) for target in targets)
    return (left - (0 if bound.kind == "otpm" else size.input)) // size.answers


def longest(bound: Bound, targets: Iterable[Target], size: Size, snapshot: Snapshot) -> int:
    """Return how many tokens of each answer a bound is asked for."""
    if bound.kind in ("budget", "otpm"):
        return max(size.output_on(target, snapshot.most_reserved) for target in targets)
    return 0 if bound.kind == "itpm" else (size.said or 0) // size.answers


def comfortable(usual: int) -> int:
    """Return how many tokens are enough for nearly any answer; `usual` is 0 where none was seen."""
    return min(usual * _UNUSUAL, COMFORTABLE) or COMFORTABLE


def shorter(paid: int, least: int, usual: int, *, alone: bool) -> int | None:
    """Return how long an answer may be where so much is paid for; None where that is too little.

    `alone` says that no other call holds anything: half of what is left is then not too much for one.
    """
    if paid < least:
        return None
    enough = min(paid, least + comfortable(usual))
    return max(min(paid, least + COMFORTABLE), paid // 2) if alone else enough


def least_of(inference: Inference, snapshot: Snapshot, usual: int) -> int:
    """Return how many tokens an answer must have room for: what the model is to think comes first.

    Where the config does not say it, an answer of `usual` length must fit: to pay for one that is cut
    short, or that a provider does not cut, helps nobody.
    """
    said = count_of(snapshot.settings.general.get("lowest_max_tokens"))
    least = max(LEAST, min(usual, COMFORTABLE) if said is None else said)
    try:
        thinking = inference.read().thinking
    except (BadRequest, RecursionError):
        return least
    return least + ((thinking.budget_tokens or 0) if thinking is not None else 0)


def may_shorten(bound: Bound, inference: Inference, size: Size, snapshot: Snapshot) -> bool:
    """Say whether the gateway may have the answer be shorter than the request has it."""
    if bound.kind == "itpm":
        return False
    said = snapshot.settings.general.get("lower_max_tokens")
    if said in (ALWAYS, NEVER):
        return bool(said == ALWAYS)
    return bound.kind == "budget" and (size.output is None or inference.front.name in _DEMANDED)
