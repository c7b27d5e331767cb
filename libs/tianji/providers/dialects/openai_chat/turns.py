"""Turns of a conversation: to messages of a chat request.

Results of tools stand right behind the calls, each a message of its own, and hold only text: pictures
and files in them follow as a user's turn when the last of them has been told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tianji.wire.chat.message import write_assistant
from tianji.wire.chat.parts import write_cache, write_content
from tianji.wire.neutral import Audio, Block, Document, Image, Text, ToolResult, Turn, Video
from tianji.wire.values import Object

_BELOW = "The result is in the next message of the user."


def write_turns(turns: Iterable[Turn]) -> Iterator[Object]:
    """Write all turns."""
    seen: list[Block] = []
    for turn in turns:
        results = [block for block in turn.blocks if isinstance(block, ToolResult)]
        for result in results:
            shown = [block for block in result.content if _is_shown(block)]
            yield {**_result(result, shown), **(turn.extra if turn.role == "tool" else {})}
            if shown:
                seen += [Text(f"Result of the tool call {result.call_id}:"), *shown]
        blocks: list[Block] = [block for block in turn.blocks if not isinstance(block, ToolResult)]
        if results and not blocks:
            continue
        if seen and turn.role not in ("user", "tool"):
            yield {"role": "user", "content": write_content(seen)}
            seen = []
        yield _message(turn, seen + blocks)
        seen = []
    if seen:
        yield {"role": "user", "content": write_content(seen)}


def _is_shown(block: Block) -> bool:
    if isinstance(block, Document):
        return block.source.text is None
    return isinstance(block, (Image, Audio, Video))


def _message(turn: Turn, blocks: list[Block]) -> Object:
    named: Object = {"name": turn.name} if turn.name is not None else {}
    if turn.role != "assistant":
        role = "user" if turn.role == "tool" else turn.role
        return {"role": role, "content": write_content(blocks), **named, **turn.extra}
    message = write_assistant(blocks)
    message.pop("provider_specific_fields", None)
    return {"role": "assistant", **named, **message, **turn.extra}


def _result(result: ToolResult, shown: list[Block]) -> Object:
    told = [block for block in result.content if block not in shown]
    content = write_content(told) if told or not shown else _BELOW
    if result.extra.get("legacy"):
        return {"role": "function", "name": result.name, "content": content}
    named: Object = {"name": result.name} if result.name is not None else {}
    if result.cache is not None:
        named["cache_control"] = write_cache(result.cache)
    return {"role": "tool", "tool_call_id": result.call_id, "content": content, **named}
