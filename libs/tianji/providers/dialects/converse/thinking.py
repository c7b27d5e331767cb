"""How much a model may think: Converse has no word for it, each vendor takes its own."""

from __future__ import annotations

from tianji.providers._params import Params
from tianji.providers.dialects.anthropic.lost_thoughts import DROPPED, thoughtless_call
from tianji.providers.dialects.anthropic.thinking import write_thinking as write_claude
from tianji.providers.dialects.converse.model import CLAUDE, NOVA, Model
from tianji.providers.dialects.openai_chat.request import effort_of
from tianji.wire.neutral import Ask, Thinking
from tianji.wire.values import Object

_EFFORTS = {"minimal": "low", "xhigh": "high", "max": "high"}
_OFF = ("none", "disable")


class Unsupported(Exception):
    """The model takes no word about thinking."""


def write_thinking(
    own: Object, inference: Object, ask: Ask, model: Model, params: Params
) -> tuple[bool, list[str]]:
    """Write into the vendor's own fields; return whether the model thinks, and what changed.

    Raises Unsupported where the vendor has no such field.
    """
    thinking = ask.thinking
    if thinking is None:
        return False, []
    in_claudes_words = thinking.enabled is not None or thinking.budget_tokens is not None
    if model.family == CLAUDE or (model.perhaps_claude and in_claudes_words):
        return _claude(own, inference, ask, model, params)
    effort = _effort(thinking)
    if model.family == NOVA:
        return effort is not None, _nova(own, inference, effort)
    if effort is None:
        return False, []
    if model.effort_field is None:
        raise Unsupported
    own[model.effort_field] = effort
    return True, []


def _claude(own: Object, inference: Object, ask: Ask, model: Model, params: Params) -> tuple[bool, list[str]]:
    body: Object = {"max_tokens": inference.get("maxTokens") or model.claude.max_tokens}
    changed = write_claude(body, ask.thinking, model.claude)
    kind = body.get("thinking", {}).get("type")
    if (kind == "enabled" or (kind == "adaptive" and params.modify)) and thoughtless_call(ask.turns):
        return False, [DROPPED]
    for name in ("thinking", "output_config"):
        if name in body:
            own[name] = body[name]
    return kind in ("enabled", "adaptive"), changed


def _nova(own: Object, inference: Object, effort: str | None) -> list[str]:
    if effort is None:
        own["reasoningConfig"] = {"type": "disabled"}
        return []
    own["reasoningConfig"] = {"type": "enabled", "maxReasoningEffort": effort}
    if effort != "high":
        return []
    # At the highest effort Nova refuses every limit and every word about sampling.
    taken = [name for name in ("maxTokens", "temperature", "topP") if inference.pop(name, None) is not None]
    return [f"dropped {name}: not taken at the highest effort" for name in taken]


def _effort(thinking: Thinking) -> str | None:
    """Return low, medium or high; None for no thinking at all."""
    if thinking.enabled is False or thinking.effort in _OFF:
        return None
    if thinking.effort is not None:
        return _EFFORTS.get(thinking.effort, thinking.effort)
    return "medium" if thinking.budget_tokens is None else effort_of(thinking.budget_tokens)
