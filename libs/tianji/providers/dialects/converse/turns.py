"""Turns: to Converse's `system` and `messages`.

Bedrock wants a user's turn first, then an assistant's and a user's in alternation, the results of all
calls (and of no others) in the turn behind them, no blank text, and words beside a document.
"""

from __future__ import annotations

from tianji.errors import BadRequest
from tianji.providers.dialects.converse.blocks import Blocks
from tianji.providers.dialects.converse.model import Model
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

_PLACEHOLDER = "."
"""What a user is made to say where Bedrock wants words and the client has none."""
_UNANSWERED = "No result was given."


def write_turns(ask: Ask, model: Model, blocks: Blocks) -> tuple[list[Object], list[Object]]:
    """Return the `system` blocks and the `messages` of a request."""
    system: list[Object] = []
    messages: list[Object] = []
    for at, turn in enumerate(ask.turns):
        assistant = turn.role == "assistant"
        try:
            written = blocks.write(turn.blocks, assistant=assistant)
        except BadRequest as error:
            raise BadRequest(
                f"messages[{at}]: {error.message}", param=f"messages[{at}]", code=error.code
            ) from None
        role = "assistant" if assistant else "user"
        if turn.role in ("system", "developer"):
            if model.claude.system_anywhere and messages and ask.front == "messages":
                role = "system"
            elif model.system:
                system += written
                continue
        _append(messages, role, written)
    if not messages or messages[0]["role"] != "user":
        messages.insert(0, {"role": "user", "content": [{"text": _PLACEHOLDER}]})
    messages = _answered(messages)
    for message in messages:
        _beside_documents(message)
    _end(messages, model)
    return system, messages


def _append(messages: list[Object], role: str, content: list[Object]) -> None:
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"] += content
    elif content:
        messages.append({"role": role, "content": content})


def _answered(messages: list[Object]) -> list[Object]:
    """Give every call its result in the next turn, and turn results of no call into words."""
    out: list[Object] = []
    open_calls: list[str] = []
    for message in messages:
        if message["role"] == "assistant":
            open_calls = _called(message["content"])
            out.append(message)
            continue
        content = _results_first(message["content"], open_calls)
        out.append({"role": message["role"], "content": content})
        open_calls = []
    if open_calls:
        out.append({"role": "user", "content": _results_first([], open_calls)})
    return out


def _called(content: list[Object]) -> list[str]:
    calls = (block["toolUse"] for block in content if "toolUse" in block)
    return [call["toolUseId"] for call in calls if call.get("type") != "server_tool_use"]


def _results_first(content: list[Object], calls: list[str]) -> list[Object]:
    results: list[Object] = []
    others: list[Object] = []
    answered: set[str] = set()
    target = others
    for block in content:
        if "toolResult" in block:
            identity = block["toolResult"]["toolUseId"]
            if identity in calls and identity not in answered:
                answered.add(identity)
                target = results
                target.append(block)
            else:
                target = others
                target += block["toolResult"]["content"]
        else:
            # A cache point stays behind the block that it marks.
            target = target if "cachePoint" in block else others
            target.append(block)
    missing = [
        {"toolResult": {"toolUseId": call, "content": [{"text": _UNANSWERED}]}}
        for call in calls
        if call not in answered
    ]
    return missing + results + others


def _beside_documents(message: Object) -> None:
    content = message["content"]
    silent = not any("text" in block for block in content)
    if message["role"] == "user" and silent and any("document" in block for block in content):
        content.append({"text": _PLACEHOLDER})


def _end(messages: list[Object], model: Model) -> None:
    """Make the last turn one that the model answers, or goes on with."""
    last = messages[-1]
    if last["role"] == "assistant":
        if "text" in last["content"][-1]:
            last["content"][-1]["text"] = last["content"][-1]["text"].rstrip()
        if not model.prefill:
            messages.append({"role": "user", "content": [{"text": _PLACEHOLDER}]})
