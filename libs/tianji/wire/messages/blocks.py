"""Content blocks in Anthropic's words: to and from ours.

Kinds that only this format has, such as the calls of server-side tools and their results, are
`Opaque` blocks of the dialect `messages`: never calls for the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from tianji.wire import values
from tianji.wire.call_ids import part
from tianji.wire.chat.message import is_annotation
from tianji.wire.chat.parts import read_cache, write_cache
from tianji.wire.messages.citations import read_citation
from tianji.wire.neutral import (
    Audio,
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
    Video,
)
from tianji.wire.values import Object, optional, required, string

DIALECT = "messages"


def read_content(content: object, at: str) -> list[Block]:
    """Read `content`: a string or an array of blocks."""
    if isinstance(content, str):
        return [Text(content)]
    if isinstance(content, list):
        return [read_block(block, f"{at}[{number}]") for number, block in enumerate(content)]
    raise values.wrong(at, "a string or an array of content blocks", content)


def read_block(block: object, at: str) -> Block:
    """Read one content block."""
    holder = values.mapping(block, at)
    reader = _READERS.get(required(string, holder, "type", at))
    return reader(holder, at) if reader else Opaque(DIALECT, holder)


def _text(block: Object, at: str) -> Block:
    cited = optional(values.array, block, "citations", at) or []
    return Text(
        required(string, block, "text", at),
        [read_citation(values.mapping(citation, f"{at}.citations")) for citation in cited],
        read_cache(block, at),
    )


def _image(block: Object, at: str) -> Block:
    source = _source(block, at)
    return Opaque(DIALECT, block) if source is None else Image(source, cache=read_cache(block, at))


def _document(block: Object, at: str) -> Block:
    source = _source(block, at)
    if source is None:
        return Opaque(DIALECT, block)
    cite = optional(values.mapping, block, "citations", at)
    return Document(
        source,
        title=optional(string, block, "title", at),
        context=optional(string, block, "context", at),
        citations=None if cite is None else cite.get("enabled") is True,
        cache=read_cache(block, at),
    )


def _source(block: Object, at: str) -> Source | None:
    source, place = required(values.mapping, block, "source", at), f"{at}.source"
    media_type = optional(string, source, "media_type", place)
    match required(string, source, "type", place):
        case "base64":
            return Source(data=required(string, source, "data", place), media_type=media_type)
        case "url":
            return Source(url=required(string, source, "url", place))
        case "file":
            return Source(file_id=required(string, source, "file_id", place))
        case "text":
            return Source(text=required(string, source, "data", place), media_type=media_type)
    return None


def _thinking(block: Object, at: str) -> Block:
    text = required(string, block, "thinking", at)
    return Reasoning(text, optional(string, block, "signature", at) or None, cache=read_cache(block, at))


def _redacted(block: Object, at: str) -> Block:
    return Reasoning(encrypted=required(string, block, "data", at), cache=read_cache(block, at))


def _tool_use(block: Object, at: str) -> Block:
    identity, signature = part(required(string, block, "id", at))
    return ToolCall(
        identity,
        required(string, block, "name", at),
        values.encode(optional(values.mapping, block, "input", at) or {}).decode(),
        signature=signature,
        cache=read_cache(block, at),
        extra=values.rest(block, ("type", "id", "name", "input", "cache_control")),
    )


def _tool_result(block: Object, at: str) -> Block:
    content = block.get("content")
    return ToolResult(
        part(required(string, block, "tool_use_id", at))[0],
        [] if content is None else read_content(content, f"{at}.content"),
        failed=block.get("is_error") is True,
        cache=read_cache(block, at),
    )


_READERS: dict[str, Callable[[Object, str], Block]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
}


def write_blocks(blocks: Iterable[Block]) -> list[Object]:
    """Write blocks of a request. Raises BadRequest for what Anthropic's format cannot hold."""
    return [written for block in blocks if (written := write_block(block)) is not None]


def write_block(block: Block) -> Object | None:
    """Write one block; None for one that would be refused and says nothing."""
    out = _written(block)
    cache = getattr(block, "cache", None)
    if out is not None and cache is not None:
        out["cache_control"] = write_cache(cache)
    return out


def _written(block: Block) -> Object | None:
    match block:
        case Text(text="") | Refusal(text=""):
            return None  # an empty text block is refused
        case Text(text=text, citations=citations):
            cited = [citation for citation in citations if not is_annotation(citation)]
            return {"type": "text", "text": text, **({"citations": cited} if cited else {})}
        case Reasoning():
            return _written_thought(block)
        case ToolCall():
            kept = {name: value for name, value in block.extra.items() if name == "caller"}
            call = {"id": block.id, "name": block.name, "input": read_arguments(block.arguments)}
            return {"type": "tool_use", **call, **kept}
        case ToolResult():
            out: Object = {"type": "tool_result", "tool_use_id": block.call_id}
            out["content"] = _result_content(block.content)
            return out | {"is_error": True} if block.failed else out
        case Image(source=source):
            return {"type": "image", "source": write_source(source, "image/png")}
        case Document():
            return _written_document(block)
        case Refusal(text=text):
            return {"type": "text", "text": text}
        case Opaque(dialect=dialect, value=value) if dialect == DIALECT:
            return dict(value)
        case Opaque(value=value):
            kind = value.get("type", "content")
            raise values.BadRequest(f"content of the type '{kind}' is not known to this provider")
        case Audio() | Video():
            raise values.BadRequest(f"{type(block).__name__.lower()} cannot be sent to this provider")


def _written_thought(block: Reasoning) -> Object | None:
    """Write a thought; only those that the provider signed may go back to it."""
    if block.encrypted is not None and block.id is None:
        return {"type": "redacted_thinking", "data": block.encrypted}
    if block.signature is not None:
        return {"type": "thinking", "thinking": block.text, "signature": block.signature}
    return None


def _result_content(blocks: list[Block]) -> str | list[Object]:
    match blocks:
        case [Text(text=text, cache=None)]:
            return text
    return write_blocks(blocks)


def _written_document(block: Document) -> Object:
    out: Object = {"type": "document", "source": write_source(block.source, "application/pdf")}
    title = block.title or block.name
    if title is not None:
        out["title"] = title
    if block.context is not None:
        out["context"] = block.context
    if block.citations is not None:
        out["citations"] = {"enabled": block.citations}
    return out


def write_source(source: Source, media_type: str) -> Object:
    """Write where bytes come from."""
    if source.text is not None:
        return {"type": "text", "media_type": source.media_type or "text/plain", "data": source.text}
    if source.data is not None:
        return {"type": "base64", "media_type": source.media_type or media_type, "data": source.data}
    if source.file_id is not None:
        return {"type": "file", "file_id": source.file_id}
    return {"type": "url", "url": source.url or ""}


def read_arguments(arguments: str) -> Object:
    """Read a call's arguments as the object that Anthropic wants; what is none is wrapped."""
    if not arguments.strip():
        return {}
    try:
        found = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {"input": arguments}
    return found if isinstance(found, dict) else {"input": found}
