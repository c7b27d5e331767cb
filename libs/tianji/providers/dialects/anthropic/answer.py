"""The body of a Messages answer: to an `Answer`."""

from __future__ import annotations

import time

import msgspec

from tianji.errors import BadRequest
from tianji.providers.dialects.anthropic.shape import TOOL
from tianji.wire import values
from tianji.wire.messages.blocks import DIALECT, read_block
from tianji.wire.messages.usage import read_usage
from tianji.wire.neutral import Answer, Block, Choice, Finish, Text, ToolCall

FINISH: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
}
_OWN = ("id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage", "error")


class Unreadable(Exception):
    """A provider's answer does not have the form it should have."""


def read(body: bytes, *, emulated: bool) -> Answer:
    """Read a whole answer; `emulated` turns the call that carries the answer into its text."""
    try:
        whole = values.mapping(msgspec.json.decode(body), "body")
        content = values.array(whole.get("content"), "content")
        blocks = [_plain(read_block(block, "content"), emulated=emulated) for block in content]
    except BadRequest as error:
        raise Unreadable(error.message) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON ({error})") from None
    raw, sequence = whole.get("stop_reason"), whole.get("stop_sequence")
    choice = Choice(
        blocks=blocks,
        finish=finish_of(raw, called=any(isinstance(block, ToolCall) for block in blocks)),
        finish_raw=raw if isinstance(raw, str) else None,
        stop_sequence=sequence if isinstance(sequence, str) else None,
    )
    extra = values.rest(whole, _OWN)
    return Answer(
        id=str(whole.get("id") or ""),
        model=str(whole.get("model") or ""),
        created=int(time.time()),
        choices=[choice],
        usage=read_usage(whole["usage"]) if isinstance(whole.get("usage"), dict) else None,
        extra={DIALECT: extra} if extra else {},
    )


def _plain(block: Block, *, emulated: bool) -> Block:
    if emulated and isinstance(block, ToolCall) and block.name == TOOL:
        return Text(block.arguments)
    return block


def finish_of(raw: object, *, called: bool) -> Finish:
    """Say why the model stopped; a call that only carried the answer is none."""
    finish = FINISH.get(raw, "stop") if isinstance(raw, str) else "stop"
    return "stop" if finish == "tool_calls" and not called else finish
