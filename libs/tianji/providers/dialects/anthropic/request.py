"""An `Ask`: to the body of a Messages request."""

from __future__ import annotations

import re
from typing import Any

from tianji.errors import UnsupportedParameter
from tianji.providers._params import GATEWAY, Params
from tianji.providers.dialects.anthropic.lost_thoughts import DROPPED, thoughtless_call
from tianji.providers.dialects.anthropic.model import Model
from tianji.providers.dialects.anthropic.shape import write_shape
from tianji.providers.dialects.anthropic.thinking import thinks, write_thinking
from tianji.providers.dialects.anthropic.tools import write_choice, write_tools
from tianji.providers.dialects.anthropic.turns import write_turns
from tianji.providers.dialects.tuning import OPENAIS_OWN
from tianji.wire.neutral import Ask, ToolCall
from tianji.wire.values import Object

_UNSUPPORTED = ("seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs")
_SAMPLING = ("temperature", "top_p", "top_k")
_TIERS = ("auto", "standard_only")
_PERSONAL = re.compile(r"@|^\+?[\d\s()-]{7,}$")


def write(ask: Ask, model: Model, params: Params) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped or changed on the way."""
    changed: list[str] = []
    system, messages = write_turns(ask, system_anywhere=model.system_anywhere)
    body: Object = {"model": model.name, "max_tokens": ask.max_tokens or model.max_tokens}
    if system:
        body["system"] = system
    body["messages"] = messages
    if ask.front == "messages":
        body |= ask.extra
    else:
        changed += _pass_unknown(body, ask, params)
    changed += _write_simple(body, ask, model, params)
    tools = write_tools(ask)
    if not tools and params.modify and _called(ask):
        tools = [{"name": "unused", "description": "Not to be called.", "input_schema": {"type": "object"}}]
        changed.append("added a tool, since the conversation holds calls and the request no tools")
    if tools:
        body["tools"] = tools
    choice = write_choice(ask.tool_choice, ask.parallel_tool_calls) if tools else None
    if choice is not None:
        body["tool_choice"] = choice
    changed += write_thinking(body, ask.thinking, model)
    write_shape(body, ask, model, thinks=thinks(body))
    if thinks(body):
        changed += _suit_thinking(body, ask, params)
    if ask.stream:
        body["stream"] = True
    return body, changed


def _write_simple(body: Object, ask: Ask, model: Model, params: Params) -> list[str]:
    changed = _refuse(body, ask, params)
    for name in _SAMPLING:
        value = getattr(ask, name)
        if value is None:
            continue
        if not model.sampling and (params.drop or params.modify) and name not in params.allowed:
            changed.append(f"dropped {name}")
        else:
            body[name] = value
    if ask.stop:
        # Anthropic refuses stop sequences of nothing but spaces, which other providers take.
        stop = [text for text in ask.stop if text.strip()] if params.drop or params.modify else ask.stop
        changed += ["dropped stop"] if len(stop) < len(ask.stop) else []
        if stop:
            body["stop_sequences"] = stop
    if ask.service_tier in _TIERS:
        body["service_tier"] = ask.service_tier
    elif ask.service_tier is not None:
        changed.append("dropped service_tier")
    if ask.user is not None:
        if ask.front != "messages" and _PERSONAL.search(ask.user):
            changed.append("dropped user: Anthropic takes no addresses or telephone numbers there")
        else:
            body["metadata"] = {"user_id": ask.user}
    return changed


def _refuse(body: Object, ask: Ask, params: Params) -> list[str]:
    """Refuse what Anthropic cannot do, or drop it where the deployment says so."""
    changed = []
    asked = {
        name: value for name in _UNSUPPORTED if (value := getattr(ask, name)) not in (None, False, 0, {})
    }
    if ask.n is not None and ask.n != 1:
        asked["n"] = ask.n
    for name, value in asked.items():
        if name in params.allowed:
            body[name] = value
        elif params.drop:
            changed.append(f"dropped {name}")
        else:
            raise UnsupportedParameter(
                f"anthropic does not support the parameter '{name}'; leave it out or set drop_params",
                param=name,
            )
    return changed


def _pass_unknown(body: Object, ask: Ask, params: Params) -> list[str]:
    """Pass on what clients of chat completions mean for Anthropic; other formats have fields of their own."""
    changed: list[str] = []
    if ask.front not in ("", "chat"):
        return changed
    for name, value in ask.extra.items():
        if name in GATEWAY or (name in OPENAIS_OWN and name not in params.allowed):
            continue
        body[name] = value
        changed.append(f"passed {name} on unread")
    return changed


def _called(ask: Ask) -> bool:
    return any(isinstance(block, ToolCall) for turn in ask.turns for block in turn.blocks)


def _suit_thinking(body: Object, ask: Ask, params: Params) -> list[str]:
    """Take out what may not stand beside thinking, parameters only where the deployment lets us."""
    budgeted = body["thinking"]["type"] == "enabled"
    if (budgeted or params.modify) and thoughtless_call(ask.turns):
        del body["thinking"]
        return [DROPPED]
    changed: list[str] = []
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") in ("any", "tool"):
        body["tool_choice"] = {**{k: v for k, v in choice.items() if k != "name"}, "type": "auto"}
        changed.append("changed tool_choice to auto")
    if not (params.drop or params.modify):
        return changed
    takes: dict[str, Any] = {
        "temperature": body.get("temperature") == 1,
        "top_p": body.get("top_p", 0) >= 0.95,
    }
    for name in _SAMPLING:
        if name in body and not takes.get(name, False):
            del body[name]
            changed.append(f"dropped {name}")
    return changed
