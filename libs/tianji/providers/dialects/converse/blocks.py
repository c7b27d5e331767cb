"""Blocks of a request: to Converse's content, each with the cache point that it carries."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from tianji.errors import BadRequest
from tianji.providers.dialects.anthropic.foreign import own
from tianji.providers.dialects.converse import media
from tianji.providers.dialects.converse.citations import write_citations
from tianji.providers.dialects.converse.model import CLAUDE, NOVA, Model
from tianji.providers.dialects.converse.names import DocumentNames, legal_id
from tianji.providers.dialects.legal_ids import legal
from tianji.wire.chat.parts import DIALECT as CHAT
from tianji.wire.messages.blocks import DIALECT as MESSAGES
from tianji.wire.messages.blocks import read_arguments
from tianji.wire.neutral import (
    Audio,
    Block,
    CacheMark,
    Document,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from tianji.wire.values import Object

DIALECT = "converse"
_NOTHING = "(empty)"
"""What a tool that gave back nothing is told to have said: Bedrock refuses blank texts."""


class Blocks:
    """Writes the blocks of one request."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._documents = DocumentNames()

    def write(self, blocks: Iterable[Block], *, assistant: bool) -> list[Object]:
        """Write blocks in their order. Raises BadRequest for what Bedrock cannot take."""
        out: list[Object] = []
        for block in blocks:
            written = self._block(block, assistant=assistant)
            out += written
            mark = _mark(block)
            if written and mark is not None and self._model.caches:
                out.append(self.cache_point(mark))
        return out

    def cache_point(self, mark: CacheMark) -> Object:
        """Write a cache mark."""
        point = {"type": "default"}
        if mark.ttl is not None and self._model.caches_for_hours:
            point["ttl"] = mark.ttl
        return {"cachePoint": point}

    def _block(self, block: Block, *, assistant: bool) -> list[Object]:
        match block:
            case Text():
                return self._text(block, assistant=assistant)
            case Refusal(text=text):
                return [{"text": text}] if text.strip() else []
            case Reasoning():
                return self._thought(block)
            case ToolCall():
                called = {"toolUseId": self._id(block.id), "name": legal(block.name)}
                return [{"toolUse": {**called, "input": read_arguments(block.arguments)}}]
            case ToolResult():
                return self._result(block)
            case Opaque():
                return self._opaque(block, assistant=assistant)
            case _:
                return [self._media(block)]

    def _id(self, identity: str) -> str:
        return legal_id(identity, claude=self._model.perhaps_claude)

    def _media(self, block: Block) -> Object:
        match block:
            case Image():
                return media.write_image(block)
            case Document():
                return media.write_document(block, self._documents)
            case Video():
                return media.write_video(block)
            case Audio():
                return media.write_audio(block)
            case _:
                raise BadRequest(f"a block '{type(block).__name__}' cannot be sent to Bedrock")

    def _text(self, block: Text, *, assistant: bool) -> list[Object]:
        if not block.text.strip():
            return []
        if assistant and block.citations and self._model.family in (CLAUDE, NOVA):
            cited = write_citations(block.text, block.citations)
            if cited is not None:
                return [cited]
        return [{"text": block.text}]

    def _thought(self, block: Reasoning) -> list[Object]:
        """Write a thought; only those that Claude signed may go back, and to Claude alone."""
        if not self._model.perhaps_claude or not own(block):
            return []
        if block.encrypted is not None and block.id is None:
            sealed = base64.b64encode(block.encrypted.encode("latin-1", "replace")).decode()
            return [{"reasoningContent": {"redactedContent": sealed}}]
        if block.signature is None:
            return []
        signed = {"text": block.text, "signature": block.signature}
        return [{"reasoningContent": {"reasoningText": signed}}]

    def _result(self, block: ToolResult) -> list[Object]:
        inside: list[Object] = []
        beside: list[Object] = []
        for part in block.content:
            apart = isinstance(part, Image) and not self._model.pictures_in_results
            (beside if apart else inside).extend(self._block(part, assistant=False))
        content = inside or [{"text": _NOTHING}]
        result: Object = {"toolUseId": self._id(block.call_id), "content": content}
        if block.failed and (self._model.perhaps_claude or self._model.family == NOVA):
            result["status"] = "error"
        return [{"toolResult": result}, *beside]

    def _opaque(self, block: Opaque, *, assistant: bool) -> list[Object]:
        value = block.value
        kind = value.get("type")
        if block.dialect == DIALECT:
            return [value]
        if block.dialect == CHAT and kind == "guarded_text":
            return [{"guardContent": {"text": {"text": str(value.get("text") or "")}}}]
        if block.dialect in (MESSAGES, CHAT) and kind == "search_result":
            return [_search_result(value)]
        if assistant:
            return []  # the traces of tools that another provider ran itself
        raise BadRequest(f"content of the type '{kind or block.dialect}' cannot be sent to Bedrock")


def _mark(block: Block) -> CacheMark | None:
    mark: CacheMark | None = getattr(block, "cache", None)
    if mark is None and isinstance(block, ToolResult):
        # Bedrock takes no points inside a result; one behind it covers the same.
        inner = (getattr(part, "cache", None) for part in block.content)
        return next((found for found in inner if found is not None), None)
    return mark


def _search_result(value: Object) -> Object:
    content = value.get("content")
    texts = [
        {"text": part["text"]}
        for part in (content if isinstance(content, list) else ())
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    ]
    out: Object = {"source": str(value.get("source") or ""), "title": str(value.get("title") or "")}
    out["content"] = texts
    if isinstance(value.get("citations"), dict):
        out["citations"] = {"enabled": value["citations"].get("enabled") is True}
    return {"searchResult": out}
