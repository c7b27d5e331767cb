"""The text of a custom tool, taken out of JSON that arrives in pieces."""

from __future__ import annotations

import json

import pytest

from tianji.wire.free_text import Unwrapper

TEXT = '*** Begin "Patch"\n\t\\ 😀 é \\u12 /end\n'


@pytest.mark.parametrize(
    "wrapped",
    [
        json.dumps({"input": TEXT}),
        json.dumps({"input": TEXT}, ensure_ascii=False),
        json.dumps({"input": TEXT}, indent=2),
    ],
)
def test_the_text_is_whole_wherever_it_is_cut(wrapped: str) -> None:
    for size in range(1, len(wrapped) + 1):
        unwrapper = Unwrapper()
        pieces = [unwrapper.feed(wrapped[at : at + size]) for at in range(0, len(wrapped), size)]
        assert "".join(pieces) == TEXT


def test_pieces_are_given_as_they_arrive() -> None:
    unwrapper = Unwrapper()

    assert [unwrapper.feed(piece) for piece in ('{"input":', '"ab', "c\\", 'n"', "}")] == [
        "",
        "ab",
        "c",
        "\n",
        "",
    ]


def test_what_is_wrapped_otherwise_gives_nothing() -> None:
    assert Unwrapper().feed('{"patch":"x"}') == ""


def test_half_a_sign_is_replaced() -> None:
    assert Unwrapper().feed('{"input":"a\\udc00b"}') == "a\ufffdb"
