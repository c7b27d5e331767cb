"""What a text cites: Bedrock's words and Anthropic's, which clients know."""

from __future__ import annotations

from typing import Any

from tianji.wire.values import Object

_SPANS = {
    "documentChar": ("char_location", "document_index", "start_char_index", "end_char_index"),
    "documentPage": ("page_location", "document_index", "start_page_number", "end_page_number"),
    "documentChunk": ("content_block_location", "document_index", "start_block_index", "end_block_index"),
    "searchResultLocation": (
        *("search_result_location", "search_result_index", "start_block_index", "end_block_index"),
    ),
}
_KINDS = {words[0]: (place, *words[1:]) for place, words in _SPANS.items()}
_WEB = "web_search_result_location"
_SEARCH = "searchResultLocation"


def read_citation(citation: Object) -> Object:
    """Return a citation in Anthropic's words."""
    parts = citation.get("sourceContent")
    texts = [part.get("text") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    out: Object = {"cited_text": "".join(text for text in texts if isinstance(text, str))}
    location = citation.get("location")
    place, span = next(iter(location.items()), ("", {})) if isinstance(location, dict) else ("", {})
    if place == "web" and isinstance(span, dict):
        return {"type": _WEB, **out, "url": span.get("url"), "title": citation.get("title")}
    if place not in _SPANS or not isinstance(span, dict):
        return {"type": "citation", **out, "title": citation.get("title"), "source": citation.get("source")}
    kind, index, start, end = _SPANS[place]
    at = {index: span.get(_index(place)), start: span.get("start"), end: span.get("end")}
    if place == _SEARCH:
        named = {"source": citation.get("source"), "title": citation.get("title")}
    else:
        named = {"document_title": citation.get("title")}
    return {"type": kind, **out, **named, **at}


def write_citations(text: str, citations: list[Object]) -> Object | None:
    """Return a cited text in Bedrock's words; None where it cites nothing that Bedrock knows."""
    written = [out for citation in citations if (out := _write(citation)) is not None]
    if not written:
        return None
    return {"citationsContent": {"content": [{"text": text}], "citations": written}}


def _write(citation: Object) -> Object | None:
    kind = citation.get("type")
    title = citation.get("document_title") or citation.get("title")
    out: Object = {"title": title} if isinstance(title, str) else {}
    if isinstance(citation.get("source"), str):
        out["source"] = citation["source"]
    if citation.get("cited_text"):
        out["sourceContent"] = [{"text": str(citation["cited_text"])}]
    if kind == _WEB:
        return out | {"location": {"web": {"url": citation.get("url")}}}
    if not isinstance(kind, str) or kind not in _KINDS:
        return None
    place, index, start, end = _KINDS[kind]
    span: dict[str, Any] = {_index(place): citation.get(index)}
    span |= {"start": citation.get(start), "end": citation.get(end)}
    if not all(isinstance(value, int) for value in span.values()):
        return None
    return out | {"location": {place: span}}


def _index(place: str) -> str:
    return "searchResultIndex" if place == _SEARCH else "documentIndex"
