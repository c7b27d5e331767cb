from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tianji.wire.quoted import Quoted

NAMES = ("cache_control", "reasoning", "reasoning_content", "tool_calls")
LOOK = Quoted(*NAMES)

words = st.one_of(st.sampled_from(NAMES), st.text(max_size=8), st.just("x" * 900), st.just('"reasoning"'))


@given(st.lists(st.dictionaries(words, words, max_size=3), max_size=60))
def test_names_are_found_however_far_apart_the_quotes_are(value: list[dict[str, str]]) -> None:
    text = json.dumps(value).encode()
    said = {word.encode() for item in value for pair in item.items() for word in pair}

    assert LOOK.among(text) == said & {name.encode() for name in NAMES}


def test_a_name_behind_a_long_and_a_dense_part_is_found() -> None:
    text = json.dumps(
        ["word " * 20_000, *({"type": "text"} for _ in range(500)), {"tool_calls": []}]
    ).encode()

    assert LOOK.among(text) == {b"tool_calls"}


def test_a_part_of_a_name_is_no_name() -> None:
    assert LOOK.among(b'{"reasoning_": 1, "a_reasoning": 2, "x": "say \\"reasoning\\" twice"}') == set()
    assert LOOK.among(b"") == set()


def test_a_name_is_found_wherever_it_stands() -> None:
    for before in range(4200):
        text = b'["' + b"x" * before + b'", "tool_calls"]'
        assert LOOK.among(text) == {b"tool_calls"}, before
