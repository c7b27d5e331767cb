"""An `Ask`: to the body of Cohere's v2 chat."""

from __future__ import annotations

from tianji.providers._params import Params
from tianji.providers.dialects.cohere.turns import write_turns
from tianji.providers.dialects.instructed import instruct
from tianji.providers.dialects.offered import unknown
from tianji.providers.dialects.tuning import vendor_fields, write_tuning
from tianji.wire import values
from tianji.wire.neutral import Ask, NativeTool, Thinking, Tool
from tianji.wire.values import Object

_NAMES = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "stop": "stop_sequences",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logprobs": "logprobs",
}
_BUDGETS = {"minimal": 512, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 31000, "max": 31000}
"""Tokens for an effort; without a budget the model thinks as long as it likes, up to some 31,000."""
_OFF = ("none", "disable")
_LEAST_P, _MOST_P = 0.01, 0.99


def write(ask: Ask, model: str, params: Params, provider: str, *, thinks: bool) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped on the way. `thinks`: the model can."""
    tools = write_tools(ask)
    body: Object = {"model": model}
    if ask.shape is not None and ask.shape.kind != "text":
        if tools or any(name in ask.extra for name in ("documents",)):
            ask = instruct(ask, ask.shape)  # Cohere refuses a form beside tools or documents
        else:
            body["response_format"] = _shape(ask)
    messages, documents = write_turns(ask, thinks=thinks)
    body["messages"] = messages
    if documents:
        body["documents"] = documents
    if tools:
        body["tools"] = tools
        if _strict(ask):
            body["strict_tools"] = True
        choice = ask.tool_choice
        if choice is not None and choice.mode != "auto":
            body["tool_choice"] = "NONE" if choice.mode == "none" else "REQUIRED"
    changed = write_tuning(body, ask, params, provider, _NAMES) + within_range(body)
    if ask.thinking is not None and (thinking := write_thinking(ask.thinking, ask.max_tokens)) is not None:
        body["thinking"] = thinking
    body |= {name: value for name, value in vendor_fields(ask, params).items() if name != "documents"}
    if isinstance(given := ask.extra.get("documents"), list):
        body["documents"] = [*given, *documents]
    if ask.stream:
        body["stream"] = True
    return body, changed


def write_tools(ask: Ask) -> list[Object]:
    """Write the tools that the model may call; of a choice of some only these, for Cohere has no names."""
    choice = ask.tool_choice
    allowed = None
    if choice is not None:
        allowed = [choice.name] if choice.mode == "tool" else choice.allowed
    found = []
    for at, tool in enumerate(ask.tools):
        if isinstance(tool, NativeTool):
            raise unknown(tool, at)
        if allowed is None or tool.name in allowed:
            found.append(_tool(tool))
    return found


def _tool(tool: Tool) -> Object:
    function: Object = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = {"type": "object", "properties": {}, **(tool.schema or {})}
    return {"type": "function", "function": function}


def _strict(ask: Ask) -> bool:
    """Say whether all tools are strict and may be: Cohere wants a required parameter in each."""
    tools = [tool for tool in ask.tools if isinstance(tool, Tool)]
    return all(tool.strict and (tool.schema or {}).get("required") for tool in tools)


def _shape(ask: Ask) -> Object:
    out: Object = {"type": "json_object"}
    if ask.shape is not None and ask.shape.schema is not None:
        out["json_schema"] = ask.shape.schema
    return out


def within_range(body: Object) -> list[str]:
    """Keep `p` within what Cohere takes: clients say 1 where they mean no limit."""
    said = body.get("p")
    if said is None or _LEAST_P <= said <= _MOST_P:
        return []
    body["p"] = min(max(said, _LEAST_P), _MOST_P)
    return [f"top_p {said} as {body['p']}"]


def write_thinking(thinking: Thinking, max_tokens: int | None) -> Object | None:
    """Write how much the model may think; an effort leaves room for the answer."""
    if thinking.enabled is False or thinking.effort in _OFF:
        return {"type": "disabled"}
    budget = thinking.budget_tokens
    if budget is None:
        said = thinking.extra.get("token_budget")
        budget = values.integer(said, "thinking.token_budget") if said is not None else None
    if budget is None and thinking.effort is not None:
        budget = _BUDGETS.get(thinking.effort, _BUDGETS["medium"])
        if max_tokens is not None and budget >= max_tokens:
            budget = max(max_tokens // 2, 1)
    if budget is None:
        return {"type": "enabled"} if thinking.enabled else None
    return {"type": "enabled", "token_budget": budget}
