"""Turns: to input items of the Responses API."""

from __future__ import annotations

from collections.abc import Iterator

from tianji.providers.dialects.legal_ids import short
from tianji.providers.dialects.responses.answered import answered
from tianji.wire.neutral import Block, Opaque, Reasoning, ToolCall, ToolResult, Turn
from tianji.wire.responses.parts import DIALECT, write_content
from tianji.wire.signers import OPENAI, signer_of
from tianji.wire.values import Object

_LONGEST_ID = 64
_PLACEHOLDER = "."
"""What the user is made to say where the client says nothing at all: an empty input is refused."""


def write_turns(turns: list[Turn]) -> list[Object]:
    """Write the conversation. Raises BadRequest for content that this format cannot hold."""
    called = {
        block.id for turn in turns for block in turn.blocks if isinstance(block, ToolCall) and block.custom
    }
    items = answered([item for turn in turns for item in _items(turn, called)])
    return items or [{"type": "message", "role": "user", "content": _PLACEHOLDER}]


def _items(turn: Turn, custom: set[str]) -> Iterator[Object]:
    """Write a turn: results and calls are items of their own, what stands between them are messages."""
    said: list[Block] = []
    for block in turn.blocks:
        item = _lone(block, custom, assistant=turn.role == "assistant")
        if item is None:
            said.append(block)
            continue
        yield from _message(turn, said)
        said = []
        if item:
            yield item
    yield from _message(turn, said)


def _message(turn: Turn, blocks: list[Block]) -> Iterator[Object]:
    assistant = turn.role == "assistant"
    content = write_content(blocks, assistant=assistant)
    if content:
        role = "user" if turn.role == "tool" else turn.role
        yield {"type": "message", "role": role, "content": content}


def _lone(block: Block, custom: set[str], *, assistant: bool) -> Object | None:
    """Write a block that stands alone: empty for one that is left out, None for a part of a message."""
    match block:
        case Reasoning():
            return _reasoning(block)
        case ToolCall(custom=True):
            call = {"call_id": _id(block.id), "name": block.name, "input": block.arguments}
            return {"type": "custom_tool_call", **call}
        case ToolCall():
            call = {"call_id": _id(block.id), "name": block.name, "arguments": block.arguments or "{}"}
            return {"type": "function_call", **call}
        case ToolResult():
            kind = "custom_tool_call_output" if block.call_id in custom else "function_call_output"
            return {"type": kind, "call_id": _id(block.call_id), "output": _output(block)}
        case Opaque(dialect=dialect, value=value) if dialect == DIALECT:
            return value
        case Opaque() if assistant:
            return {}  # the traces of tools that another provider ran itself
    return None


def _reasoning(thought: Reasoning) -> Object:
    """Write a thought that OpenAI encrypted; no other is taken."""
    signer, own = signer_of(thought.signature or thought.encrypted or "")
    identity, colon, encrypted = own.partition(":")
    if signer != OPENAI or not colon:
        return {}
    summary = [{"type": "summary_text", "text": thought.text}] if thought.text else []
    item: Object = {"type": "reasoning", "summary": summary, "encrypted_content": encrypted}
    return {"id": identity, **item} if identity else item


def _output(result: ToolResult) -> str | list[Object]:
    parts = write_content(result.content)
    if all(part.get("type") == "input_text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def _id(identity: str) -> str:
    """Return an id that is not too long: the same one for the call and for its result."""
    return short(identity, _LONGEST_ID)
