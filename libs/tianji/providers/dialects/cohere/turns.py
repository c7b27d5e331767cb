"""Turns: to the messages of Cohere's chat.

Every result of a tool is a message of its own behind the calls, texts are never empty, and what a
result shows besides text follows in a user's message, since results hold text alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from tianji.errors import BadRequest
from tianji.providers.dialects.answered import answered
from tianji.wire import values
from tianji.wire.chat.parts import write_url
from tianji.wire.messages.blocks import read_arguments
from tianji.wire.neutral import (
    Ask,
    Block,
    Document,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from tianji.wire.values import Object

_NO_OUTPUT = "(no output)"
_PLACEHOLDER = "."
"""What a user is made to say where Cohere wants a message and the client has only documents."""


def write_turns(ask: Ask, *, thinks: bool) -> tuple[list[Object], list[Object]]:
    """Return the messages, and the documents that are to be cited.

    `thinks`: the model takes its earlier thoughts back; others take them as the plan behind a call.
    """
    messages: list[Object] = []
    documents: list[Object] = []
    shown: list[Block] = []
    for at, turn in enumerate(ask.turns):
        results = [block for block in turn.blocks if isinstance(block, ToolResult)]
        said: list[Block] = [block for block in turn.blocks if not isinstance(block, ToolResult)]
        try:
            for result in results:
                messages.append(_result(result, shown))
            if said and shown and turn.role != "tool":
                messages += _shown(shown)
            messages += _message(turn, said, documents, thinks=thinks)
        except BadRequest as error:
            raise BadRequest(f"messages[{at}]: {error.message}", param=f"messages[{at}]") from None
    messages = answered(messages + _shown(shown))
    if all(message["role"] == "system" for message in messages):
        messages.append({"role": "user", "content": _PLACEHOLDER})
    return messages, documents


def _shown(blocks: list[Block]) -> list[Object]:
    parts = _parts(blocks, [])
    blocks.clear()
    return [{"role": "user", "content": parts}] if parts else []


def _result(result: ToolResult, shown: list[Block]) -> Object:
    texts = []
    for block in result.content:
        match block:
            case Text(text=text) | Refusal(text=text):
                texts.append(text)
            case Document() if block.source.text is not None:
                texts.append(_document_text(block))
            case _:
                shown.append(block)
    text = "\n".join(text for text in texts if text) or _NO_OUTPUT
    return {"role": "tool", "tool_call_id": result.call_id, "content": text}


def _message(turn: Turn, said: list[Block], documents: list[Object], *, thinks: bool) -> list[Object]:
    if turn.role == "assistant":
        message = _assistant(said, thinks=thinks)
    else:
        role = "system" if turn.role in ("system", "developer") else "user"
        parts = _parts(said, documents)
        message = {"role": role, "content": _plain(parts)} if parts else {}
    return [message] if message else []


def _assistant(said: Sequence[Block], *, thinks: bool) -> Object:
    calls = [_call(block) for block in said if isinstance(block, ToolCall)]
    thoughts = [block.text for block in said if isinstance(block, Reasoning) and block.text]
    texts = [block.text for block in said if isinstance(block, (Text, Refusal)) and block.text]
    parts: list[Object] = [{"type": "text", "text": text} for text in texts]
    message: Object = {"role": "assistant"}
    if thinks:
        parts = [{"type": "thinking", "thinking": text} for text in thoughts] + parts
    elif thoughts and calls:
        message["tool_plan"] = "\n".join(thoughts)
    if parts:
        message["content"] = _plain(parts)
    if calls:
        message["tool_calls"] = calls
    return message if texts or calls else {}


def _call(call: ToolCall) -> Object:
    arguments = values.encode(read_arguments(call.arguments)).decode()
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _plain(parts: list[Object]) -> str | list[Object]:
    """Write a lone text as a string."""
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _parts(blocks: Sequence[Block], documents: list[Object]) -> list[Object]:
    parts: list[Object] = []
    for block in blocks:
        match block:
            case Text(text=text) | Refusal(text=text):
                if text:
                    parts.append({"type": "text", "text": text})
            case Image():
                image: Object = {"url": write_url(block.source, "image/png")}
                if block.detail is not None:
                    image["detail"] = block.detail
                parts.append({"type": "image_url", "image_url": image})
            case Document() if block.source.text is not None:
                if block.citations:
                    documents.append(_document(block, len(documents)))
                else:
                    parts.append({"type": "text", "text": _document_text(block)})
            case Opaque(dialect="chat", value={"type": "document", "document": dict()}):
                parts.append(block.value)
            case Opaque(value=value):
                raise BadRequest(f"content of the type '{value.get('type')}' is not known to Cohere")
            case _:
                raise BadRequest(f"Cohere takes no {type(block).__name__.lower()} here")
    return parts


def _document(block: Document, number: int) -> Object:
    data: Object = {"text": block.source.text}
    if title := block.title or block.name:
        data["title"] = title
    if block.context is not None:
        data["context"] = block.context
    return {"id": f"doc:{number}", "data": data}


def _document_text(block: Document) -> str:
    title = block.title or block.name
    return f"{title}\n\n{block.source.text}" if title else block.source.text or ""
