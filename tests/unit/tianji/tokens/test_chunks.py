from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji.tokens.chunks import PIECE, pieces
from tianji.tokens.encodings import load


@given(st.text(), st.integers(min_value=0, max_value=3 * PIECE))
def test_the_pieces_are_the_text(text, length):
    text = (text or "ab c") * (length // max(len(text), 1) + 1)

    cut = list(pieces(text))

    assert "".join(cut) == text
    assert all(len(piece) <= PIECE for piece in cut)


@pytest.fixture(scope="module")
def encoding():
    return load("o200k_base")


def test_prose_and_code_count_the_same_in_pieces(encoding):
    prose = (
        "The quick brown fox's 3 jumps — over (the) lazy dog; naïvely so.\n\n    def f(x): return x\n" * 600
    )

    assert sum(len(encoding.encode_ordinary(p)) for p in pieces(prose)) == len(
        encoding.encode_ordinary(prose)
    )
