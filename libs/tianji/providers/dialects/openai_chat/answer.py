"""The body of a chat completion: to an `Answer`."""

from __future__ import annotations

from typing import Any

import msgspec

from tianji.errors import BadRequest
from tianji.wire import values
from tianji.wire.chat.message import read_assistant
from tianji.wire.neutral import Answer, Choice, Finish, ToolCall
from tianji.wire.usage import count, read_chat_usage
from tianji.wire.values import Object

FINISH: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "error": "error",
}
_OWN = ("id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint", "error")


class Unreadable(Exception):
    """A provider's answer does not have the form it should have."""


def read(body: bytes) -> Answer:
    """Read a whole answer. Raises Unreadable."""
    try:
        whole = values.mapping(msgspec.json.decode(body), "body")
        choices = values.array(whole.get("choices"), "choices")
        read_choices = [
            _choice(values.mapping(choice, "choices"), number) for number, choice in enumerate(choices)
        ]
    except BadRequest as error:
        raise Unreadable(error.message) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON ({error})") from None
    return Answer(
        id=text_of(whole.get("id")),
        model=text_of(whole.get("model")),
        created=count(whole.get("created")),
        choices=read_choices,
        usage=read_chat_usage(whole.get("usage")),
        service_tier=whole.get("service_tier") if isinstance(whole.get("service_tier"), str) else None,
        system_fingerprint=text_of(whole.get("system_fingerprint")) or None,
        extra=_kept(values.rest(whole, _OWN)),
    )


def _kept(extra: Object) -> Object:
    return {"chat": extra} if extra else {}


def text_of(value: Any) -> str:
    """Return a string, or none of what is not."""
    return value if isinstance(value, str) else ""


def _choice(choice: Object, number: int) -> Choice:
    message = choice.get("message")
    if message is None and isinstance(choice.get("text"), str):
        message = {"content": choice["text"]}
    blocks = read_assistant(values.mapping(message, "message"), "message")
    raw = text_of(choice.get("finish_reason")) or None
    logprobs = choice.get("logprobs")
    known = ("index", "message", "finish_reason", "logprobs", "text")
    return Choice(
        index=choice["index"] if isinstance(choice.get("index"), int) else number,
        blocks=blocks,
        finish=finish_of(raw, called=any(isinstance(block, ToolCall) for block in blocks)),
        finish_raw=raw,
        logprobs=logprobs if isinstance(logprobs, dict) else None,
        extra=_kept(values.rest(choice, known)),
    )


def finish_of(raw: str | None, *, called: bool) -> Finish:
    """Say why the model stopped; some vendors say `stop` also when it calls a tool."""
    finish = FINISH.get(raw or "stop", "stop")
    return "tool_calls" if called and finish == "stop" else finish
