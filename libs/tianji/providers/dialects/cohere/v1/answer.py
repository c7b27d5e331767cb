"""Cohere's v1 answers: one text, its citations and documents, calls without ids."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from tianji.errors import UpstreamError
from tianji.providers.dialects.cohere.answer import BROKEN, finish_of, read_citation, read_usage
from tianji.providers.dialects.events import object_of, objects_of
from tianji.providers.dialects.fresh_ids import call_id
from tianji.wire import values
from tianji.wire.neutral import Answer, Block, Choice, Text, ToolCall
from tianji.wire.values import Object


def read(body: bytes, provider: str, model: str) -> Answer:
    """Read a whole answer. Raises UpstreamError for one that failed on the way."""
    whole = values.mapping(msgspec.json.decode(body), "body")
    raw, text = whole.get("finish_reason"), whole.get("text")
    calls = read_calls(whole.get("tool_calls"))
    if not isinstance(text, str) and not calls:
        raise ValueError("it has neither a text nor calls")
    if isinstance(raw, str) and raw in BROKEN:
        raise UpstreamError(
            f"{provider} broke off its answer: {raw}", provider=provider, status=BROKEN[raw], retryable=True
        )
    blocks: list[Block] = [*calls]
    if isinstance(text, str) and (text or not calls):
        said = Text(text)
        for cited in objects_of(whole.get("citations")):
            said.citations += cited_in(cited, whole.get("documents"))
        blocks.insert(0, said)
    return Answer(
        id=str(whole.get("response_id") or whole.get("generation_id") or ""),
        model=model,
        created=int(time.time()),
        choices=[
            Choice(
                blocks=blocks,
                finish=finish_of(raw, called=bool(calls)),
                finish_raw=raw if isinstance(raw, str) else None,
            )
        ],
        usage=read_usage(whole.get("meta")),
    )


def read_calls(items: Any) -> list[ToolCall]:
    """Read whole calls; this version names no ids."""
    return [
        ToolCall(
            call_id(),
            str(item.get("name") or ""),
            values.encode(object_of(item.get("parameters"))).decode(),
        )
        for item in objects_of(items)
    ]


def cited_in(citation: Object, documents: Any) -> list[Object]:
    """Read a citation, which only names its documents."""
    known = {str(document.get("id")): document for document in objects_of(documents)}
    names = citation.get("document_ids")
    sources = [
        {"type": "document", "id": str(name), "document": known.get(str(name), {})}
        for name in (names if isinstance(names, list) else ())
    ]
    return read_citation({**citation, "sources": sources})
