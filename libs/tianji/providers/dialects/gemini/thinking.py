"""How much a model may think: a level from the third generation on, a budget before."""

from __future__ import annotations

from tianji.providers.dialects.gemini.model import Model
from tianji.wire.neutral import Thinking
from tianji.wire.values import Object

_BUDGETS = {"minimal": 512, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 32768}
_LEVELS = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM"}
_OFF = ("none", "disable")
_AS_IT_LIKES = -1
_LEAST_OF_PRO = 128
_FIRST_LEVELED = 3.0
_MOST = {True: 32768, False: 24576}
"""The largest budget: of Pro models, of all others."""


def write_thinking(thinking: Thinking | None, model: Model) -> tuple[Object, list[str]]:
    """Return `thinkingConfig`, empty where the client said nothing, and what was dropped."""
    if thinking is None:
        return {}, []
    off = thinking.enabled is False or thinking.effort in _OFF or thinking.budget_tokens == 0
    if not model.thinks:
        return {}, [] if off else ["dropped thinking: this model does not think"]
    return (_least(model) if off else _asked(thinking, model)), []


def _asked(thinking: Thinking, model: Model) -> Object:
    out: Object = {"includeThoughts": True}
    if thinking.budget_tokens is not None:
        out["thinkingBudget"] = thinking.budget_tokens
    elif model.leveled:
        if thinking.effort is not None:
            out["thinkingLevel"] = _level(thinking.effort, model)
    elif thinking.effort is not None:
        out["thinkingBudget"] = min(_BUDGETS.get(thinking.effort, _BUDGETS["medium"]), _MOST[model.pro])
    else:
        out["thinkingBudget"] = _AS_IT_LIKES
    return out


def _least(model: Model) -> Object:
    """Think as little as the model can: not all can be stopped."""
    if model.leveled:
        return {"includeThoughts": False, "thinkingLevel": _level("minimal", model)}
    return {"includeThoughts": False, "thinkingBudget": _LEAST_OF_PRO if model.pro else 0}


def _level(effort: str, model: Model) -> str:
    level = _LEVELS.get(effort, "HIGH")
    if model.pro and level == "MINIMAL":
        return "LOW"
    # The first Pro model of the third generation knows low and high alone.
    return "HIGH" if level == "MEDIUM" and model.pro and model.generation == _FIRST_LEVELED else level
