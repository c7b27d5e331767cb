"""Web pages that an answer was made from, where a vendor lists them beside the choices."""

from __future__ import annotations

from typing import Any

from tianji.wire.neutral import Block, Text
from tianji.wire.values import Object


def web_citations(citations: Any, results: Any) -> list[Object]:
    """Return OpenAI's annotations for `citations` (addresses) and `search_results` (with titles)."""
    titles = {
        result["url"]: str(result.get("title") or "")
        for result in (results if isinstance(results, list) else ())
        if isinstance(result, dict) and isinstance(result.get("url"), str)
    }
    for cited in citations if isinstance(citations, list) else ():
        address = cited.get("url") if isinstance(cited, dict) else cited
        if isinstance(address, str):
            titles.setdefault(address, str(cited.get("title") or "") if isinstance(cited, dict) else "")
    return [
        {
            "type": "url_citation",
            "url_citation": {"url": address, "title": title, "start_index": 0, "end_index": 0},
        }
        for address, title in titles.items()
    ]


def cite(blocks: list[Block], cited: list[Object]) -> None:
    """Attach citations to the first text that has none."""
    text = next((block for block in blocks if isinstance(block, Text)), None)
    if text is not None and not text.citations:
        text.citations = cited
