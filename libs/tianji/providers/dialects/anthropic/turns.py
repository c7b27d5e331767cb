"""Turns: to Anthropic's `system` and `messages`.

Anthropic wants turns of user and assistant in alternation, the results of tools in the user's
turn, no empty texts, and what the system says apart from both.
"""

from __future__ import annotations

from tianji.errors import BadRequest
from tianji.providers.dialects.anthropic.answered import answered
from tianji.providers.dialects.anthropic.foreign import own
from tianji.wire.messages.blocks import DIALECT, write_blocks
from tianji.wire.neutral import Ask, Block, Opaque, Text, ToolResult, Turn
from tianji.wire.values import Object

_PLACEHOLDER = "."
"""What a user is made to say where Anthropic wants a turn and the client has none."""


def write_turns(ask: Ask, *, system_anywhere: bool) -> tuple[list[Object], list[Object]]:
    """Return the `system` blocks and the `messages` of a request."""
    system: list[Object] = []
    messages: list[Object] = []
    for at, turn in enumerate(ask.turns):
        try:
            blocks = write_blocks(_ordered(turn))
        except BadRequest as error:
            raise BadRequest(f"messages[{at}]: {error.message}", param=f"messages[{at}]") from None
        if turn.role in ("system", "developer") and not (
            system_anywhere and messages and ask.front == "messages"
        ):
            system += blocks
            continue
        role = {"assistant": "assistant", "system": "system"}.get(turn.role, "user")
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        elif blocks:
            messages.append({"role": role, "content": blocks})
    messages = answered(messages)
    if not messages or messages[0]["role"] == "assistant":
        messages.insert(0, {"role": "user", "content": [{"type": "text", "text": _PLACEHOLDER}]})
    _trim_prefill(messages)
    return system, messages


def _ordered(turn: Turn) -> list[Block]:
    """Put the results of tools first, where Anthropic wants them; leave out what others signed or ran."""
    blocks = [block for block in turn.blocks if own(block) and not _blank(block)]
    if turn.role == "assistant":
        blocks = [block for block in blocks if not isinstance(block, Opaque) or block.dialect == DIALECT]
    if turn.role != "tool" and any(isinstance(block, ToolResult) for block in blocks):
        return sorted(blocks, key=lambda block: not isinstance(block, ToolResult))
    return blocks


def _blank(block: Block) -> bool:
    """Say whether a block is a text of nothing but spaces, which is refused as an empty one is."""
    return isinstance(block, Text) and not block.text.strip()


def _trim_prefill(messages: list[Object]) -> None:
    """Take the spaces off the end of a last turn that the model is to go on with."""
    if messages and messages[-1]["role"] == "assistant":
        last = messages[-1]["content"][-1]
        if last.get("type") == "text":
            last["text"] = last["text"].rstrip() or _PLACEHOLDER
