"""Long texts in pieces that an encoder takes in little time.

A run of one sign without a break costs an encoder more than its length's share, and one call for
megabytes cannot be cancelled. Pieces end before a word where there is one, so that the sum over
the pieces is the count of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator

PIECE = 8_192
_LOOK_BACK = 256


def pieces(text: str) -> Iterator[str]:
    """Cut a text; put together, the pieces are the text."""
    start = 0
    while len(text) - start > PIECE:
        end = _word_start(text, start + PIECE)
        yield text[start:end]
        start = end
    yield text[start:]


def _word_start(text: str, end: int) -> int:
    """Find the last space before `end` that leads a word; `end` itself if there is none near."""
    for place in range(end - 1, end - _LOOK_BACK, -1):
        if text[place] == " " and text[place + 1].isalpha() and not text[place - 1].isspace():
            return place
    return end
