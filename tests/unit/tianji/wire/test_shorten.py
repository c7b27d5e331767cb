"""Each client format is told in its own words how long an answer may be."""

from typing import Any

import msgspec
import pytest

from tianji.wire.chat import ChatFront
from tianji.wire.generate_content import GenerateContentFront
from tianji.wire.messages import MessagesFront
from tianji.wire.responses import ResponsesFront

Fields = dict[str, msgspec.Raw]


@pytest.mark.parametrize(
    ("front", "said", "told"),
    [
        (ChatFront(), {}, {"max_tokens": 7}),
        (ChatFront(), {"max_tokens": None}, {"max_tokens": 7}),
        (ChatFront(), {"max_completion_tokens": 9}, {"max_completion_tokens": 7}),
        (
            ChatFront(),
            {"max_tokens": 8, "max_completion_tokens": 9},
            {"max_tokens": 7, "max_completion_tokens": 7},
        ),
        (MessagesFront(), {"max_tokens": 9}, {"max_tokens": 7}),
        (ResponsesFront(), {}, {"max_output_tokens": 7}),
        (GenerateContentFront(), {}, {"generationConfig": {"maxOutputTokens": 7}}),
        (GenerateContentFront(), {"generationConfig": None}, {"generationConfig": {"maxOutputTokens": 7}}),
        (
            GenerateContentFront(),
            {"generation_config": {"max_output_tokens": 9, "top_p": 0.5}},
            {"generation_config": {"maxOutputTokens": 7, "topP": 0.5}},
        ),
    ],
)
def test_a_length_takes_the_place_of_what_was_said(
    front: Any, said: dict[str, Any], told: dict[str, Any]
) -> None:
    request = {"model": "m", **said}
    fields = msgspec.json.decode(msgspec.json.encode(request), type=Fields)

    front.shorten(fields, 7)

    assert {name: msgspec.json.decode(raw) for name, raw in fields.items()} == {"model": "m", **told}
