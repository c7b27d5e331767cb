"""An `Ask`: to the body of a Responses request."""

from __future__ import annotations

from typing import Any

from tianji.errors import UnsupportedParameter
from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat.reasoning_models import reasons, suit_model
from tianji.providers.dialects.openai_chat.request import effort_of, short_user
from tianji.providers.dialects.responses.tools import write_choice, write_tools
from tianji.providers.dialects.responses.turns import write_turns
from tianji.wire.neutral import Ask, Shape, Thinking
from tianji.wire.values import Object

_UNSUPPORTED = ("stop", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "top_k")
_TAKEN = ("store", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "truncation")
"""Fields of chat requests that mean the same here."""
_TIERS = ("auto", "default", "flex", "priority", "scale")
_LEAST_TOKENS = 16
_ENCRYPTED, _LOGPROBS = "reasoning.encrypted_content", "message.output_text.logprobs"


def write(ask: Ask, model: str, kind: str, params: Params) -> tuple[Object, list[str]]:
    """Return the body of a request and what was dropped or changed; `kind` says what the model is.

    Nothing is kept at the provider: whoever speaks another format sends the conversation each time.
    """
    changed = _refuse(ask, params)
    body: Object = {"model": model, "input": write_turns(ask.turns), "store": False}
    for name in ("temperature", "top_p"):
        if (value := getattr(ask, name)) is not None:
            body[name] = value
    if ask.user is not None:
        body["user"] = short_user(ask.user)
    if ask.max_tokens is not None:
        body["max_output_tokens"] = max(ask.max_tokens, _LEAST_TOKENS)
    if ask.service_tier in _TIERS:
        body["service_tier"] = ask.service_tier
    elif ask.service_tier is not None:
        changed.append("dropped service_tier")
    body |= {name: ask.extra[name] for name in _TAKEN if ask.extra.get(name) is not None}
    _write_tools(body, ask)
    _write_text(body, ask)
    if ask.thinking is not None:
        _write_thinking(body, ask.thinking)
    include = [_ENCRYPTED] if reasons(kind) and not body["store"] else []
    if ask.logprobs:
        include.append(_LOGPROBS)
        body["top_logprobs"] = ask.top_logprobs or 0
    if include:
        body["include"] = include
    if ask.stream:
        body["stream"] = True
    return body, changed + suit_model(kind, body, params)


def _refuse(ask: Ask, params: Params) -> list[str]:
    """Refuse what this API does not have, or drop it where the deployment says so."""
    asked: dict[str, Any] = {
        name: value for name in _UNSUPPORTED if (value := getattr(ask, name)) not in (None, [], {}, 0)
    }
    if ask.n is not None and ask.n != 1:
        asked["n"] = ask.n
    for name in asked:
        if not params.drop:
            raise UnsupportedParameter(
                f"this model is only served by the Responses API, which has no parameter '{name}';"
                " leave it out or set drop_params",
                param=name,
            )
    return [f"dropped {name}" for name in asked]


def _write_tools(body: Object, ask: Ask) -> None:
    tools = write_tools(ask)
    if not tools:
        return
    body["tools"] = tools
    if ask.tool_choice is not None:
        body["tool_choice"] = write_choice(ask.tool_choice, tools)
    if ask.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = ask.parallel_tool_calls


def _write_text(body: Object, ask: Ask) -> None:
    text: Object = {}
    if ask.shape is not None and ask.shape.kind != "text":
        text["format"] = _shape(ask.shape)
    if isinstance(ask.extra.get("verbosity"), str):
        text["verbosity"] = ask.extra["verbosity"]
    if text:
        body["text"] = text


def _shape(shape: Shape) -> Object:
    if shape.kind != "json_schema":
        return {"type": shape.kind}
    out: Object = {"type": "json_schema", "name": shape.name or "answer", "schema": shape.schema or {}}
    out["strict"] = bool(shape.strict)
    if shape.description is not None:
        out["description"] = shape.description
    return out


def _write_thinking(body: Object, thinking: Thinking) -> None:
    reasoning: Object = {}
    if thinking.effort is not None:
        reasoning["effort"] = "none" if thinking.effort == "disable" else thinking.effort
    elif thinking.budget_tokens is not None and thinking.enabled is not False:
        reasoning["effort"] = effort_of(thinking.budget_tokens)
    if thinking.summary is not None:
        reasoning["summary"] = thinking.summary
    elif thinking.enabled:
        reasoning["summary"] = "auto"  # who switches thinking on wants to see the thoughts
    if reasoning:
        body["reasoning"] = reasoning
