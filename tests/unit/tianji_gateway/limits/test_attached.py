"""Pictures and files of a request are found in its bytes, however its JSON is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji_gateway.limits.attached import NOTHING, attached_to, unescaped

LINK = "https://example.com/x"
PICTURES: list[Any] = [
    {"type": "image_url", "image_url": {"url": LINK}},
    {"type": "input_image", "image_url": LINK},
    {"type": "image", "source": {"type": "url", "url": LINK}},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
    {"inlineData": {"mimeType": "image/png", "data": "aGk="}},
    {"inline_data": {"mime_type": "image/png", "data": "aGk="}},
]
FILES: list[Any] = [
    {"type": "file", "file": {"file_data": "data:application/pdf;base64,aGk="}},
    {"type": "file", "file": {"file_id": "file-1"}},
    {"type": "input_file", "file_url": LINK},
    {"type": "document", "source": {"type": "url", "url": LINK}},
    {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="}},
    {"fileData": {"fileUri": LINK, "mimeType": "image/png"}},
    {"file_data": {"file_uri": LINK}},
    {"inlineData": {"mimeType": "video/mp4", "data": "aGk="}},
    {"type": "video_url", "video_url": {"url": LINK}},
]
TEXTS: list[Any] = [
    {"type": "text", "text": 'look for "image_url", "file_id" and "mimeType" in the code'},
    {"type": "document", "source": {"type": "text", "data": "plain"}},
    {"role": "user", "content": "\u00e9\u4e2d \\u0069"},
]


def escaped(value: Any) -> bytes:
    """Write JSON with each letter of its strings as an escape, and blanks wherever they may be."""
    said = json.dumps(value, indent=1, separators=(" , ", " : "))
    return "".join(f"\\u{ord(one):04x}" if one.isalpha() and one.isascii() else one for one in said).encode()


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_counts_as_a_large_one(picture: Any) -> None:
    for said in (
        json.dumps(picture).encode(),
        escaped(picture),
        json.dumps(picture).replace("/", "\\/").encode(),
    ):
        found = attached_to(unescaped(said))
        assert found.tokens >= 3_000 and not found.anything


@pytest.mark.parametrize("file", FILES)
def test_a_file_may_be_as_much_as_the_model_takes(file: Any) -> None:
    for said in (json.dumps(file).encode(), escaped(file)):
        assert attached_to(unescaped(said)).anything


@pytest.mark.parametrize("text", TEXTS)
def test_words_about_files_are_none(text: Any) -> None:
    assert attached_to(unescaped(json.dumps(text).encode())) == NOTHING


@given(st.text())
def test_what_is_unescaped_is_not_longer_and_never_fails(text: str) -> None:
    said = json.dumps(text).encode()
    assert len(unescaped(said)) <= len(said)
