"""What an answer rests on: Google's grounding to annotations, as OpenAI writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tianji.providers.dialects.gemini.spelling import listed, mapped, said, text_of
from tianji.wire.usage import count
from tianji.wire.values import Object

Locate = Callable[[int], int]
"""From a place in the answer in bytes, as Google counts, to one in characters."""


def citations(grounding: Any, locate: Locate) -> list[Object]:
    """Return an annotation for each web page that a passage rests on."""
    told = mapped(grounding)
    pages = [_page(mapped(chunk)) for chunk in listed(said(told, "groundingChunks"))]
    found: list[Object] = []
    supports = [mapped(support) for support in listed(said(told, "groundingSupports"))]
    for support in supports:
        segment = mapped(said(support, "segment"))
        start, end = (locate(count(said(segment, name))) for name in ("startIndex", "endIndex"))
        for number in listed(said(support, "groundingChunkIndices")):
            page = pages[number] if isinstance(number, int) and 0 <= number < len(pages) else None
            if page is not None:
                found.append(_annotation(page, start, end))
    return found if supports else [_annotation(page, 0, 0) for page in pages if page is not None]


def _page(chunk: Object) -> Object | None:
    """Return address and title of what was found: a page, a place on a map, or a file with an address."""
    for kind in ("web", "maps", "retrievedContext"):
        held = mapped(said(chunk, kind))
        if address := text_of(said(held, "uri")):
            return {"url": address, "title": text_of(said(held, "title"))}
    return None


def _annotation(page: Object, start: int, end: int) -> Object:
    return {"type": "url_citation", "url_citation": {**page, "start_index": start, "end_index": end}}


def in_characters(text: str) -> Locate:
    """Return how to find a place in a text that is whole."""
    if text.isascii():
        return int
    raw = text.encode(errors="replace")
    return lambda at: len(raw[:at].decode(errors="ignore"))


def nowhere(at: int) -> int:
    """Give no place: in a stream the text is gone when Google tells of places in it."""
    return 0
