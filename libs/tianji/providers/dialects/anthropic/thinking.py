"""How much a model may think: efforts and budgets, and what thinking forbids beside it."""

from __future__ import annotations

from tianji.providers.dialects.anthropic.model import Model
from tianji.wire.neutral import Thinking
from tianji.wire.values import Object

_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 2048, "high": 4096, "xhigh": 8192, "max": 16384}
_LEAST = 1024
_EFFORTS = {"minimal": "low"}
_OFF = ("none", "disable")


def write_thinking(body: Object, thinking: Thinking | None, model: Model) -> list[str]:
    """Say how much the model may think; return what had to be changed."""
    if thinking is None:
        return []
    if thinking.extra.get("type") == "adaptive" and model.listed and not model.adaptive_thinking:
        thinking = Thinking(effort=thinking.effort or "high")
    if thinking.budget_tokens is not None or thinking.enabled is not None:
        body["thinking"] = _said(thinking)
        _write_effort(body, thinking, model)
        said = body["thinking"]
        if said.get("type") == "enabled" and not model.budget_thinking:
            body["thinking"] = {"type": "adaptive"}
            return ["changed thinking to adaptive: this model takes no budget"]
        if said.get("budget_tokens", _LEAST) < _LEAST:
            said["budget_tokens"] = _LEAST
            return [f"raised budget_tokens to {_LEAST}, the least that Anthropic takes"]
        return []
    if thinking.effort is None or thinking.effort in _OFF:
        return []
    if model.adaptive_thinking:
        body["thinking"] = {"type": "adaptive"}
        _write_effort(body, thinking, model)
        return []
    return _budget(body, thinking.effort)


def _said(thinking: Thinking) -> Object:
    if thinking.enabled is False:
        return {"type": "disabled"}
    out: Object = {"type": "enabled", **thinking.extra}
    if thinking.budget_tokens is not None:
        out["budget_tokens"] = thinking.budget_tokens
    elif out["type"] == "enabled":
        out["budget_tokens"] = _BUDGETS.get(thinking.effort or "", _BUDGETS["medium"])
    return out


def _write_effort(body: Object, thinking: Thinking, model: Model) -> None:
    effort = thinking.effort
    if effort is not None and effort not in _OFF and model.output_config:
        body.setdefault("output_config", {})["effort"] = _EFFORTS.get(effort, effort)


def _budget(body: Object, effort: str) -> list[str]:
    """Turn an effort into tokens that leave room for an answer."""
    budget, limit = _BUDGETS.get(effort, _BUDGETS["medium"]), body["max_tokens"]
    if limit <= _LEAST:
        return [f"dropped reasoning_effort: max_tokens leaves no room to think ({limit})"]
    body["thinking"] = {"type": "enabled", "budget_tokens": min(budget, max(limit - 1, _LEAST))}
    return []


def thinks(body: Object) -> bool:
    """Say whether a body lets the model think."""
    said = body.get("thinking")
    return isinstance(said, dict) and said.get("type") in ("enabled", "adaptive")
