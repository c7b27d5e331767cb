"""Calls that came without the thought that led to them.

Claude with a budget to think goes on from its calls only if what it said since the user last spoke
begins with a thought that it signed. Clients lose thoughts, and other providers' are left out.
"""

from __future__ import annotations

import re
from typing import Any

from tianji.providers.dialects.anthropic.foreign import own
from tianji.wire import values
from tianji.wire.messages.blocks import read_content
from tianji.wire.neutral import Reasoning, ToolCall, ToolResult, Turn

_CALL = b'"tool_use"'
_SIGNED = re.compile(rb'"(?:signature|redacted_thinking)"')
DROPPED = "dropped thinking: the last call in the conversation came without its thought"


def thoughtless_call(turns: list[Turn]) -> bool:
    """Say whether the calls that the model is to go on from lack their thought."""
    called = False
    for turn in reversed(turns):
        if turn.role == "assistant":
            if any(isinstance(block, Reasoning) and _signed(block) for block in turn.blocks):
                return False
            called = called or any(isinstance(block, ToolCall) for block in turn.blocks)
        elif not any(isinstance(block, ToolResult) for block in turn.blocks):
            break
    return called


def suit_forwarded(body: dict[str, Any], *, cleaned: bool) -> list[str]:
    """Take the budget out of a request whose calls have no thought; return what was dropped.

    Its messages are only read if thoughts were left out of them, as `cleaned` says, or none are there.
    """
    thinking = values.decode(body["thinking"], "thinking") if "thinking" in body else None
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return []
    raw = bytes(body["messages"])
    if _CALL not in raw or not (cleaned or _SIGNED.search(raw) is None):
        return []
    messages = values.array(values.decode(raw, "messages"), "messages")
    turns = [
        Turn(turn["role"], read_content(turn.get("content"), f"messages[{at}].content"))
        for at, turn in enumerate(messages)
    ]
    if not thoughtless_call(turns):
        return []
    del body["thinking"]
    return [DROPPED]


def _signed(thought: Reasoning) -> bool:
    return bool(thought.signature or thought.encrypted) and own(thought)
