"""What an answer rests on: to Google's `citationMetadata` and `groundingMetadata`."""

from __future__ import annotations

from collections.abc import Iterable

from tianji.wire.usage import count
from tianji.wire.values import Object


class Citations:
    """Gathers what the texts of one answer cite."""

    def __init__(self) -> None:
        self._pages: dict[str, Object] = {}
        self._supports: list[Object] = []
        self._cited: list[Object] = []

    def add(self, citations: Iterable[Object], start: int, end: int) -> None:
        """Take the citations of the text from `start` to `end`, counted in bytes as Google counts.

        Those that name no web page have no place in this format.
        """
        for citation in citations:
            page = _page(citation)
            if page is None:
                continue
            number = list(self._pages).index(page["uri"]) if page["uri"] in self._pages else len(self._pages)
            self._pages.setdefault(page["uri"], page)
            segment: Object = {"startIndex": start, "endIndex": end}
            if isinstance(citation.get("cited_text"), str):
                segment["text"] = citation["cited_text"]
            self._supports.append({"segment": segment, "groundingChunkIndices": [number]})
            self._cited.append({"startIndex": start, "endIndex": end, **page})

    def written(self) -> Object:
        """Return the fields of a candidate that say it; none where nothing was cited."""
        if not self._cited:
            return {}
        chunks = [{"web": page} for page in self._pages.values()]
        return {
            "citationMetadata": {"citations": self._cited},
            "groundingMetadata": {"groundingChunks": chunks, "groundingSupports": self._supports},
        }


def _page(citation: Object) -> Object | None:
    held = citation.get("url_citation")
    told = held if isinstance(held, dict) else citation
    url = told.get("url")
    if not isinstance(url, str) or not url:
        return None
    return {"uri": url, "title": str(told.get("title") or url)}


def place(citation: Object, text: str, before: int) -> tuple[int, int]:
    """Return where in the answer a citation of `text` stands, `before` bytes of which came earlier."""
    held = citation.get("url_citation")
    told = held if isinstance(held, dict) else citation
    start, end = count(told.get("start_index")), count(told.get("end_index"))
    if not 0 <= start < end <= len(text):
        return before, before + len(text.encode())
    return before + len(text[:start].encode()), before + len(text[:end].encode())
