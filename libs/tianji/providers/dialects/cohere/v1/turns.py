"""Turns: to the preamble, history, last message and tool results of Cohere's v1 chat."""

from __future__ import annotations

from collections.abc import Sequence

from tianji.errors import BadRequest
from tianji.wire.messages.blocks import read_arguments
from tianji.wire.neutral import (
    Ask,
    Block,
    Document,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from tianji.wire.values import Object


def write_turns(ask: Ask) -> Object:
    """Return what a request says of the conversation."""
    preamble: list[str] = []
    history: list[Object] = []
    calls: dict[str, ToolCall] = {}
    for at, turn in enumerate(ask.turns):
        try:
            text = _text(_own(turn))
        except BadRequest as error:
            raise BadRequest(f"messages[{at}]: {error.message}", param=f"messages[{at}]") from None
        if turn.role in ("system", "developer"):
            preamble += [text] if text else []
            continue
        made = [block for block in turn.blocks if isinstance(block, ToolCall)]
        calls |= {call.id: call for call in made}
        if turn.role == "assistant":
            if text or made:
                entry: Object = {"role": "CHATBOT", "message": text}
                history.append(entry | ({"tool_calls": [_call(call) for call in made]} if made else {}))
            continue
        results = [_result(block, calls) for block in turn.blocks if isinstance(block, ToolResult)]
        if results and history and history[-1]["role"] == "TOOL":
            history[-1]["tool_results"] += results
        elif results:
            history.append({"role": "TOOL", "tool_results": results})
        if text:
            history.append({"role": "USER", "message": text})
    return _cut(preamble, history)


def _cut(preamble: list[str], history: list[Object]) -> Object:
    """Take the last message off the history: it is what the model answers."""
    out: Object = {"message": ""}
    last = history.pop() if history and history[-1]["role"] != "CHATBOT" else {}
    if "tool_results" in last:
        out["tool_results"] = last["tool_results"]
    else:
        out["message"] = last.get("message", "")
    if preamble:
        out["preamble"] = "\n\n".join(preamble)
    if history:
        out["chat_history"] = history
    return out


def _call(call: ToolCall) -> Object:
    return {"name": call.name, "parameters": read_arguments(call.arguments)}


def _result(result: ToolResult, calls: dict[str, ToolCall]) -> Object:
    call = calls.get(result.call_id) or ToolCall(result.call_id, result.name or "unknown")
    return {"call": _call(call), "outputs": [{"output": _text(result.content)}]}


def _own(turn: Turn) -> list[Block]:
    """Return a turn's blocks without the traces of tools that another provider ran itself."""
    if turn.role != "assistant":
        return turn.blocks
    return [block for block in turn.blocks if not isinstance(block, Opaque)]


def _text(blocks: Sequence[Block]) -> str:
    found = []
    for block in blocks:
        match block:
            case Text(text=text) | Refusal(text=text):
                found.append(text)
            case Document() if block.source.text is not None:
                found.append(block.source.text)
            case ToolCall() | ToolResult() | Reasoning():
                pass
            case _:
                raise BadRequest(f"Cohere's v1 chat takes no {type(block).__name__.lower()}")
    return "\n".join(text for text in found if text)
