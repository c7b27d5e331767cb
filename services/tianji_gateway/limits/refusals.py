"""What callers are told who are over a limit: LiteLLM's words and statuses, and the figures."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from tianji.domain.keys import KeyRecord
from tianji.errors import BudgetExceeded, RateLimited, TianjiError, Unavailable
from tianji.limits.contract import OF_SPLIT, OF_TOKENS, Bound, Exhausted, Kind, LimitsUnavailable
from tianji_gateway.limits.bounds import NANO
from tianji_gateway.snapshot.model import Snapshot
from tianji_gateway.snapshot.params import count_of
from tianji_gateway.snapshot.target import header_value

_STATUS = 422
"""LiteLLM's for a spent budget, unless the config names another."""
_LONGEST_WAIT_S = 86_400 * 400

_LEVELS = {
    "key": "api_key",
    "member": "team_member",
    "orgmember": "organization_member",
    "customer": "end_user",
    "model": "model_saturation_check",
    "priority": "priority_model",
    "even": "litellm-project",
}
"""What LiteLLM calls holders, where it is not as here."""
_RATES: dict[Kind, str] = {
    "rpm": "requests",
    "rpd": "requests_per_day",
    "tpm": "tokens",
    "tpd": "tokens_per_day",
    "itpm": "input_tokens",
    "otpm": "output_tokens",
    "parallel": "max_parallel_requests",
}
_SIZED = (*OF_TOKENS, *OF_SPLIT)
"""Rates of which a call takes more the longer it is."""


def refusal(exhausted: Exhausted, snapshot: Snapshot, paid: int, key: KeyRecord) -> TianjiError:
    """Return the error that a caller gets whose limit is exhausted.

    `paid` is how many tokens of an answer what is left would pay for.
    """
    if exhausted.bound.kind == "budget":
        return _over_budget(exhausted, snapshot, paid, key)
    return _too_many(exhausted, key)


def none_left(exhausted: Exhausted, group: str, paid: int) -> TianjiError:
    """Return the error for a group whose deployments are all over a limit of their own."""
    wait_s = _seconds(exhausted.retry_after_s)
    said = _figures(exhausted, paid) if exhausted.bound.kind == "budget" else _rate_words(exhausted)
    crossed = " - crossed budget" if exhausted.bound.kind == "budget" else " for selected model"
    return RateLimited(
        f"No deployments available{crossed}, Try again in {wait_s} seconds. Passed model={group}. "
        f"{exhausted.bound.who} is over its limit: {said}",
        headers={"retry-after": str(wait_s)},
    )


def unavailable(fault: LimitsUnavailable) -> TianjiError:
    """Return the error where nobody can say what is left of a budget, and it is not to be passed."""
    return Unavailable(
        f"What is left of the budget of {fault.bound.who} cannot be known now ({fault}). "
        "general_settings.budget_failure_mode: serve lets calls through then",
        headers={"retry-after": "1"},
    )


def descriptor(bound: Bound) -> tuple[str, str]:
    """Return LiteLLM's name of a limit's level, and of its holder."""
    kind, _, id = bound.id.partition(":")
    if kind.endswith("_model"):
        holder = kind.removesuffix("_model")
        return f"model_per_{holder}", id
    return _LEVELS.get(kind, kind), id


def _whose(bound: Bound, key: KeyRecord) -> tuple[str, str]:
    """Describe a limit; a key goes by its value of now, which is the one that answers and logs name."""
    level, holder = descriptor(bound)
    if key.origin is not None and holder.startswith(key.origin):
        holder = key.hash + holder.removeprefix(key.origin)
    return level, holder


def status_of(snapshot: Snapshot) -> int:
    """Return the status of a refusal by a budget."""
    return count_of(snapshot.settings.calls.get("budget_exceeded_status_code")) or _STATUS


def usd(nano: int) -> float:
    """Return nano-USD as US dollars."""
    return nano / NANO


def _over_budget(exhausted: Exhausted, snapshot: Snapshot, paid: int, key: KeyRecord) -> TianjiError:
    bound = exhausted.bound
    kind = bound.id.partition(":")[0].partition("@")[0]
    spent, most = usd(exhausted.spent), usd(bound.limit)
    if "@" in bound.id:
        window = bound.id.rpartition("@")[2]
        words = f"ExceededBudget: {bound.who} over {window} budget. Spend=${spent:.4f}, Limit=${most:.2f}"
    elif kind in ("user", "customer"):
        words = f"ExceededBudget: {bound.who} over budget. Spend={spent}, Budget={most}"
    elif kind.endswith("_model"):
        model = bound.id.split(":", 2)[-1]
        words = f"LiteLLM {_named(kind, bound.who)}, exceeded budget for model={model}"
    elif kind == "proxy":
        words = f"Budget has been exceeded! Current cost: {spent}, Max budget: {most}"
    else:
        words = f"Budget has been exceeded! {bound.who} Current cost: {spent}, Max budget: {most}"
    status = status_of(snapshot)
    headers = {"retry-after": str(_seconds(exhausted.retry_after_s))} if status == 429 else {}
    if not math.isfinite(exhausted.retry_after_s):
        headers = {}
    said, facts = _figures(exhausted, paid), _facts(exhausted, paid, key)
    return BudgetExceeded(f"{words}. {said}", status=status, headers=headers, facts=facts)


def _named(kind: str, who: str) -> str:
    holders = {"key": "Virtual Key", "user": "User", "team": "Team", "customer": "End User"}
    return f"{holders.get(kind.removesuffix('_model'), 'budget')}: {who}"


def _figures(exhausted: Exhausted, paid: int) -> str:
    shorter = f"A lower max_tokens, of {paid} or less, would be let through now. " if paid > 0 else ""
    return (
        f"Spent {usd(exhausted.spent)} of {usd(exhausted.bound.limit)}, reserved {usd(exhausted.held)}, "
        f"this call may cost {usd(exhausted.needs)}. {shorter}{_resets(exhausted.resets_at)}"
    )


def _facts(exhausted: Exhausted, paid: int, key: KeyRecord) -> dict[str, Any]:
    level, holder = _whose(exhausted.bound, key)
    return {
        "level": level,
        "id": holder.partition("@")[0],
        "limit": usd(exhausted.bound.limit),
        "spent": usd(exhausted.spent),
        "reserved": usd(exhausted.held),
        "needed": usd(exhausted.needs),
        "max_tokens": max(paid, 0),
        "resets_at": None if exhausted.resets_at is None else _iso(exhausted.resets_at),
    }


def _resets(at: float | None) -> str:
    if at is None:
        return "It does not begin anew by itself: an admin can raise it, or reset what was spent"
    return f"It begins anew at {_iso(at)}"


def _too_many(exhausted: Exhausted, key: KeyRecord) -> TianjiError:
    bound = exhausted.bound
    wait_s = _seconds(exhausted.retry_after_s)
    reset = datetime.now(UTC).timestamp() + wait_s
    headers = {
        "retry-after": str(wait_s),
        "rate_limit_type": _RATES[bound.kind],
        "reset_at": f"{datetime.fromtimestamp(reset, UTC):%Y-%m-%d %H:%M:%S UTC}",
    }
    if bound.share is not None and not bound.share.even:
        headers["x-litellm-priority"] = _shown(bound.share.name)
        headers["x-litellm-saturation"] = f"{exhausted.spent / max(1, bound.limit):.2%}"
    words = f"{_over(bound, key)}. {_rate_words(exhausted)}. Limit resets at: {headers['reset_at']}"
    if bound.share is None and exhausted.needs > bound.limit:
        headers["x-should-retry"] = "false"
        shorter = "make it shorter, or " if bound.kind in _SIZED else ""
        words += (
            f". This call needs more than the limit and will not fit later: {shorter}have an admin raise it"
        )
    return RateLimited(words, headers=headers)


def _shown(name: str) -> str:
    """Return a name as a header may hold it."""
    return header_value(name).decode("latin-1")


def _over(bound: Bound, key: KeyRecord) -> str:
    level, holder = _whose(bound, key)
    share = bound.share
    if share is not None and share.even:
        return f"Key over its even part of what the model {holder} can do"
    if share is not None:
        return f"Priority-based rate limit exceeded. Model: {holder}, Priority: {share.name}"
    if bound.id.startswith("model:"):
        return f"Model capacity reached for {holder}"
    return f"Rate limit exceeded for {level}: {holder}"


def _rate_words(exhausted: Exhausted) -> str:
    bound, share = exhausted.bound, exhausted.bound.share
    left = max(0, bound.limit - exhausted.spent - exhausted.held)
    if share is not None:
        part = (
            "divided by the keys that call" if share.even else f"reserved for this priority: {share.reserved}"
        )
        return (
            f"Limit type: {_RATES[bound.kind]}. Model limit: {bound.limit}, {part}, Model remaining: {left}"
        )
    needed = f", Needed: {exhausted.needs}" if bound.kind in _SIZED else ""
    return f"Limit type: {_RATES[bound.kind]}. Current limit: {bound.limit}, Remaining: {left}{needed}"


def _seconds(wait_s: float) -> int:
    return max(1, math.ceil(min(wait_s, _LONGEST_WAIT_S)))


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
