"""Turns: to Ollama's messages: a text, bare base64 of pictures, calls whose arguments are objects."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tianji.errors import BadRequest
from tianji.providers.dialects.answered import answered
from tianji.wire.messages.blocks import read_arguments
from tianji.wire.neutral import (
    Ask,
    Block,
    Document,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from tianji.wire.values import Object


def write_turns(ask: Ask) -> list[Object]:
    """Return the messages of a request."""
    names = {
        block.id: block.name for turn in ask.turns for block in turn.blocks if isinstance(block, ToolCall)
    }
    messages = []
    for at, turn in enumerate(ask.turns):
        try:
            messages += _messages(turn, names)
        except BadRequest as error:
            raise BadRequest(f"messages[{at}]: {error.message}", param=f"messages[{at}]") from None
    return _in_order(answered(messages), list(names))


def _in_order(messages: list[Object], calls: list[str]) -> list[Object]:
    """Put results that follow one another in the order of their calls: Ollama's models see no ids."""
    known = {identity: at for at, identity in enumerate(calls)}
    found: list[Object] = []
    for tool, run in groupby(messages, key=lambda message: message["role"] == "tool"):
        together = list(run)
        if tool:
            together.sort(key=lambda message: known.get(message["tool_call_id"], len(known)))
        found += together
    return found


def _messages(turn: Turn, names: dict[str, str]) -> list[Object]:
    results = [block for block in turn.blocks if isinstance(block, ToolResult)]
    said: list[Block] = [block for block in turn.blocks if not isinstance(block, ToolResult)]
    found = [_result(result, names) for result in results]
    if turn.role == "assistant":
        message = _assistant(said)
    else:
        role = "system" if turn.role in ("system", "developer") else "user"
        message = {"role": role, **content_of(said)}
    if message["content"] or message.keys() - {"role", "content"}:
        found.append(message)
    return found


def _result(result: ToolResult, names: dict[str, str]) -> Object:
    name = result.name or names.get(result.call_id)
    named = {} if name is None else {"tool_name": name}
    return {"role": "tool", **named, "tool_call_id": result.call_id, **content_of(result.content)}


def _assistant(said: Sequence[Block]) -> Object:
    # What other providers ran themselves is not for this model.
    plain = [block for block in said if not isinstance(block, (Reasoning, ToolCall, Opaque))]
    message: Object = {"role": "assistant", **content_of(plain)}
    thoughts = "".join(block.text for block in said if isinstance(block, Reasoning))
    if thoughts:
        message["thinking"] = thoughts
    calls = [_call(block) for block in said if isinstance(block, ToolCall)]
    if calls:
        message["tool_calls"] = calls
    return message


def _call(call: ToolCall) -> Object:
    return {"id": call.id, "function": {"name": call.name, "arguments": read_arguments(call.arguments)}}


def content_of(blocks: Sequence[Block]) -> Object:
    """Return a message's `content` and its `images`. Raises BadRequest for what has no place in either."""
    texts: list[str] = []
    images: list[str] = []
    for block in blocks:
        match block:
            case Text(text=text) | Refusal(text=text):
                texts.append(text)
            case Image(source=source):
                images.append(bare(source))
            case Document() if block.source.text is not None:
                title = block.title or block.name
                texts.append(f"{title}\n\n{block.source.text}" if title else block.source.text)
            case Opaque(value=value):
                raise BadRequest(f"content of the type '{value.get('type')}' is not known to Ollama")
            case _:
                raise BadRequest(f"Ollama takes no {type(block).__name__.lower()} here")
    content: Object = {"content": "\n".join(text for text in texts if text)}
    return content | {"images": images} if images else content


def bare(picture: Source) -> str:
    """Return the bare base64 of a picture. Raises BadRequest for one that is only pointed at."""
    if picture.data is None:
        raise BadRequest("Ollama fetches no pictures: send their data, as a data: URL")
    return picture.data
