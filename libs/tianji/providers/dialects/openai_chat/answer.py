"""The body of a chat completion: to an `Answer`."""

from __future__ import annotations

from typing import Any

import msgspec

from tianji.errors import BadRequest
from tianji.providers.dialects.openai_chat.citations import cite, web_citations
from tianji.providers.dialects.openai_chat.reasoning_details import read_details
from tianji.wire import values
from tianji.wire.chat.finish import meant
from tianji.wire.chat.message import read_assistant
from tianji.wire.chat.parts import DIALECT
from tianji.wire.neutral import Answer, Block, Choice, Finish, Opaque, Reasoning, ToolCall
from tianji.wire.usage import count, read_chat_usage
from tianji.wire.values import Object

_OWN = ("id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint", "error")


class Unreadable(Exception):
    """A provider's answer does not have the form it should have."""


def read(body: bytes) -> Answer:
    """Read a whole answer. Raises Unreadable."""
    try:
        whole = values.mapping(msgspec.json.decode(body), "body")
        choices = values.array(whole.get("choices"), "choices")
        if whole.get("error") is not None and not choices:
            raise Unreadable("an error")
        read_choices = [
            _choice(values.mapping(choice, "choices"), number) for number, choice in enumerate(choices)
        ]
    except BadRequest as error:
        raise Unreadable(error.message) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON ({error})") from None
    cited = web_citations(whole.get("citations"), whole.get("search_results"))
    for choice in read_choices if cited else ():
        cite(choice.blocks, cited)
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
    if choice.get("error") is not None:
        raise Unreadable("an error in the place of an answer")
    said = values.mapping(message, "message")
    blocks = [*_detailed(said), *run_tools(said.get("executed_tools"))]
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


def _detailed(message: Object) -> list[Block]:
    """Read a message; thoughts in `reasoning_details` are told by signature, and so go before others."""
    if message.get("function_call") == {"name": "", "arguments": ""}:
        message = values.rest(message, ("function_call",))  # an empty form that some vendors send along
    blocks = read_assistant(message, "message")
    if message.get("thinking_blocks"):
        return blocks
    details = read_details(message.get("reasoning_details"))
    if not details:
        return blocks
    return [*details, *(block for block in blocks if not isinstance(block, Reasoning))]


def run_tools(tools: object) -> list[Block]:
    """Return the tools that the vendor ran itself: no calls for the client."""
    found = tools if isinstance(tools, list) else []
    return [
        Opaque(DIALECT, {**tool, "type": "executed_tool"})
        for tool in found
        if isinstance(tool, dict) and tool.get("output") is not None
    ]


def finish_of(raw: str | None, *, called: bool) -> Finish:
    """Say why the model stopped; some vendors say `stop` also when it calls a tool."""
    finish = meant(raw or "stop")
    return "tool_calls" if called and finish == "stop" else finish
