"""Messages of a chat request: to turns."""

from __future__ import annotations

from typing import Any

from tianji.wire import values
from tianji.wire.call_ids import part
from tianji.wire.chat import parts
from tianji.wire.chat.message import KNOWN, read_assistant
from tianji.wire.neutral import Block, Role, ToolResult, Turn
from tianji.wire.values import Object, optional, required, string

_PLAIN: dict[str, Role] = {"system": "system", "developer": "developer", "user": "user"}
_ROLES = (*_PLAIN, "assistant", "tool", "function")
_TURN = ("role", "content", "name", "cache_control")


def read_turns(messages: object, at: str = "messages") -> list[Turn]:
    """Read `messages`."""
    found = values.array(messages, at)
    if not found:
        raise values.BadRequest(f"{at}: must hold at least one message", param=at, code="empty_array")
    return [_turn(values.mapping(item, f"{at}[{n}]"), f"{at}[{n}]") for n, item in enumerate(found)]


def _turn(message: Object, at: str) -> Turn:
    role = values.one_of(required(string, message, "role", at), _ROLES, f"{at}.role")
    name = optional(string, message, "name", at)
    if role == "assistant":
        turn = Turn("assistant", read_assistant(message, at), name, values.rest(message, KNOWN))
    elif role in ("tool", "function"):
        turn = _result(message, role, name, at)
    else:
        blocks = parts.read_content(_there(message, at), f"{at}.content")
        turn = Turn(_PLAIN[role], blocks, name, values.rest(message, _TURN))
    mark = parts.read_cache(message, at)
    if mark is not None:
        _mark_last(turn.blocks, mark)
    return turn


def _there(message: Object, at: str) -> Any:
    content = message.get("content")
    if content is None:
        raise values.wrong(f"{at}.content", "a string or an array of content parts", content)
    return content


def _result(message: Object, role: str, name: str | None, at: str) -> Turn:
    legacy = role == "function"
    if legacy:
        call_id = f"call_{required(string, message, 'name', at)}"
    else:
        call_id, _ = part(required(string, message, "tool_call_id", at))
    result = ToolResult(
        call_id,
        parts.read_content(message.get("content"), f"{at}.content"),
        name,
        failed=message.get("is_error") is True,
        extra={"legacy": True} if legacy else {},
    )
    return Turn("tool", [result], extra=values.rest(message, (*_TURN, "tool_call_id")))


def _mark_last(blocks: list[Block], mark: parts.CacheMark) -> None:
    """A mark on a message means: up to its end."""
    for block in reversed(blocks):
        if hasattr(block, "cache"):
            block.cache = mark
            return
