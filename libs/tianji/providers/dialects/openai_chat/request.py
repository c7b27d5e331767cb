"""An `Ask`: to the body of a chat completions request."""

from __future__ import annotations

import hashlib
from typing import Any

from tianji.providers.dialects.answered import answered
from tianji.providers.dialects.offered import unknown
from tianji.providers.dialects.openai_chat.turns import write_turns
from tianji.wire.chat.parts import DIALECT, write_cache
from tianji.wire.neutral import Ask, NativeTool, Shape, Thinking, Tool, ToolChoice
from tianji.wire.values import Object

_SIMPLE = [
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "seed",
    "n",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "parallel_tool_calls",
    "user",
    "metadata",
    "service_tier",
]

_LONGEST_USER = 64
"""Vendors refuse longer names of users; the coding agents of other formats send a whole JSON object."""


def write(ask: Ask, model: str) -> Object:
    """Write a request; `stream` only where it is true."""
    body: Object = {
        "model": model,
        "messages": answered(write_turns(ask.turns)),
    }
    for name in _SIMPLE:
        value = getattr(ask, name)
        if value is not None and value != []:
            body[name] = value
    if ask.user is not None and ask.front != DIALECT:
        body["user"] = short_user(ask.user)
    _write_tools(body, ask)
    if ask.shape is not None:
        body["response_format"] = _shape(ask.shape)
    if ask.thinking is not None:
        body |= _thinking(ask.thinking)
    if ask.front == DIALECT:
        body |= ask.extra
    if ask.stream:
        body["stream"] = True
    return body


def short_user(user: str) -> str:
    """Return a name of a user that vendors take: its hash where it is too long."""
    return user if len(user) <= _LONGEST_USER else hashlib.sha256(user.encode()).hexdigest()


def _write_tools(body: Object, ask: Ask) -> None:
    tools: list[Any] = []
    functions: list[Any] = []
    allowed = ask.tool_choice.allowed if ask.tool_choice is not None else None
    for at, tool in enumerate(ask.tools):
        if isinstance(tool, Tool) and allowed is not None and tool.name not in allowed:
            continue  # of the vendors that speak this form only OpenAI takes a choice among some
        if isinstance(tool, NativeTool):
            if tool.dialect != DIALECT:
                raise unknown(tool, at)
            tools.append(tool.value)
        elif tool.extra.get("legacy"):
            functions.append(_function(tool))
        else:
            tools.append(_tool(tool))
    choice = None if ask.tool_choice is None else _choice(ask.tool_choice, legacy=bool(functions))
    if tools:
        body["tools"] = tools
    if functions:
        body["functions"] = functions
    if choice is not None:
        body["function_call" if functions else "tool_choice"] = choice
    if not tools:
        body.pop("parallel_tool_calls", None)


def _tool(tool: Tool) -> Object:
    if "custom" in tool.extra:
        return {"type": "custom", "custom": tool.extra["custom"]}
    out: Object = {"type": "function", "function": _function(tool)}
    if tool.cache is not None:
        out["cache_control"] = write_cache(tool.cache)
    return out | tool.extra


def _function(tool: Tool) -> Object:
    fields = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema,
        "strict": tool.strict,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _choice(choice: ToolChoice, *, legacy: bool) -> str | Object:
    if choice.mode == "tool":
        name = {"name": choice.name}
        return name if legacy else {"type": "function", "function": name}
    return choice.mode


def _shape(shape: Shape) -> Object:
    if shape.kind != "json_schema":
        return {"type": shape.kind}
    described: Object = {"name": shape.name or "answer"}
    for name in ("description", "schema", "strict"):
        value = getattr(shape, name)
        if value is not None:
            described[name] = value
    return {"type": "json_schema", "json_schema": described}


def _thinking(thinking: Thinking) -> Object:
    """Say an effort where one is known, and Anthropic's words where the client used these."""
    out: Object = {}
    if thinking.effort is not None:
        out["reasoning_effort"] = thinking.effort
    elif thinking.budget_tokens is not None:
        out["reasoning_effort"] = effort_of(thinking.budget_tokens)
    elif thinking.enabled:
        out["reasoning_effort"] = "medium"
    return out


def effort_of(budget_tokens: int) -> str:
    """Return the effort that a budget of thinking tokens stands for."""
    if budget_tokens <= 1024:
        return "low"
    return "medium" if budget_tokens <= 8192 else "high"
