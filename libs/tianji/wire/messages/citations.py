"""Citations in Anthropic's words: its own as they are, web pages that others cite as results of a search.

Those of others bear no index of Anthropic's search. By that they are known when they come back, and kept
away from Anthropic, which would refuse them.
"""

from __future__ import annotations

from tianji.wire.chat.message import is_annotation
from tianji.wire.values import Object

_WEB = "web_search_result_location"
_INDEX = "encrypted_index"


def write_citation(citation: Object, text: str) -> Object | None:
    """Write what an answer cites in `text`; None where it names no page."""
    if not is_annotation(citation):
        return citation
    held = citation.get("url_citation")
    told = held if isinstance(held, dict) else citation
    if not isinstance(told.get("url"), str):
        return None
    start, end = told.get("start_index"), told.get("end_index")
    passage = text[start:end] if isinstance(start, int) and isinstance(end, int) else ""
    return {
        "type": _WEB,
        "url": told["url"],
        "title": told.get("title") or "",
        "cited_text": str(citation.get("text") or passage),
        _INDEX: "",
    }


def read_citation(citation: Object) -> Object:
    """Read a citation that comes back; one of another provider becomes an annotation again."""
    if not is_foreign(citation):
        return citation
    page = {"url": citation.get("url"), "title": citation.get("title") or ""}
    return {"type": "url_citation", "url_citation": {**page, "start_index": 0, "end_index": 0}}


def is_foreign(citation: object) -> bool:
    """Say whether a citation is one that `write_citation` made."""
    return isinstance(citation, dict) and citation.get("type") == _WEB and citation.get(_INDEX) == ""
