"""`contents` and `systemInstruction`: to turns."""

from __future__ import annotations

from typing import Any

from tianji.wire import values
from tianji.wire.generate_content.pairs import Pairs
from tianji.wire.generate_content.parts import read_parts
from tianji.wire.generate_content.spelling import fields
from tianji.wire.neutral import Block, Reasoning, Role, Text, ToolCall, ToolResult, Turn

_ROLES: dict[str, Role] = {
    "user": "user",
    "model": "assistant",
    "function": "user",
    "tool": "user",
    "system": "system",
}


def read_turns(contents: object, system: object) -> list[Turn]:
    """Read a conversation: every call has an id then, and every result that of its call."""
    turns = [Turn("system", _content(system, "systemInstruction", "user")[1])] if system is not None else []
    for number, item in enumerate(_listed(contents)):
        role, blocks = _content(item, f"contents[{number}]", "user")
        # Clients of streams send back each chunk as a content of its own.
        if turns and turns[-1].role == role == "assistant":
            turns[-1].blocks += blocks
        else:
            turns.append(Turn(role, blocks))
    for turn in turns:
        if turn.role == "assistant":
            turn.blocks = _joined(turn.blocks)
    _pair(turns)
    return turns


def _listed(contents: object) -> list[Any]:
    """Return the contents; a single one, a text or a list of parts is what the user said."""
    if not isinstance(contents, list):
        contents = [contents]
    if not contents:
        raise values.BadRequest("contents: must hold at least one content", param="contents")
    if not any(isinstance(item, dict) and ("parts" in item or "role" in item) for item in contents):
        return [{"role": "user", "parts": contents}]
    return contents


def _content(said: object, at: str, usual: str) -> tuple[Role, list[Block]]:
    if isinstance(said, str):
        return _ROLES[usual], [Text(said)]
    if isinstance(said, list):
        return _ROLES[usual], read_parts(said, at)
    content = fields(said, at)
    role = values.optional(values.string, content, "role", at) or usual
    role = _ROLES[values.one_of(role.lower(), _ROLES, f"{at}.role")]
    if content.get("parts") is None:
        return role, []
    return role, read_parts(content["parts"], f"{at}.parts")


def _joined(blocks: list[Block]) -> list[Block]:
    """Put together what a stream had cut: a thought ends with its signature, a text with another part."""
    out: list[Block] = []
    for block in blocks:
        last = out[-1] if out else None
        match last, block:
            case Reasoning(signature=None, encrypted=None), Reasoning():
                block.text = last.text + block.text
                out[-1] = block
            case Text(extra={}), Text() if not last.extra:
                block.text = last.text + block.text
                out[-1] = block
            case _:
                out.append(block)
    return out


def _pair(turns: list[Turn]) -> None:
    blocks = [block for turn in turns for block in turn.blocks]
    given = {block.id for block in blocks if isinstance(block, ToolCall) and block.id}
    given |= {block.call_id for block in blocks if isinstance(block, ToolResult) and block.call_id}
    pairs = Pairs(given)
    for block in blocks:
        if isinstance(block, ToolCall):
            pairs.called(block)
        elif isinstance(block, ToolResult):
            pairs.answered(block)
