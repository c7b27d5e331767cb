from __future__ import annotations

from base64 import b64encode

import pytest

from tianji.tokens.media import audio_tokens, document_tokens, image_tokens, tiles_tokens, video_tokens
from tianji.tokens.prompt import blocks_prompt
from tianji.wire.neutral import Audio, Document, Image, Opaque, Refusal, Source, Video


def wide(number: int, size: int, order: str = "big") -> bytes:
    return number.to_bytes(size, order)


PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + wide(512, 4) + wide(300, 4)
GIF = b"GIF89a" + wide(512, 2, "little") + wide(300, 2, "little")
JPEG = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08" + wide(300, 2) + wide(512, 2)
WEBP = b"RIFF\0\0\0\0WEBP"
VP8 = WEBP + b"VP8 " + b"\0" * 10 + wide(512, 2, "little") + wide(300, 2, "little")
VP8L = WEBP + b"VP8L" + b"\0" * 4 + b"\x2f" + wide(511 | 299 << 14, 4, "little") + b"\0" * 5
VP8X = WEBP + b"VP8X" + b"\0" * 8 + wide(511, 3, "little") + wide(299, 3, "little")


def picture(content: bytes, detail: str | None = None) -> Image:
    return Image(Source(data=b64encode(content).decode()), detail=detail)


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        (512, 512, 255),
        (1024, 1024, 765),
        (2048, 4096, 1105),
        (4096, 8192, 1105),
        (1, 1, 255),
        (20_000, 1, 765),
    ],
)
def test_a_picture_is_scaled_and_cut_into_tiles(width, height, tokens):
    assert tiles_tokens(width, height) == tokens


@pytest.mark.parametrize(
    "content", [PNG, GIF, JPEG, VP8, VP8L, VP8X], ids=["png", "gif", "jpeg", "vp8", "vp8l", "vp8x"]
)
def test_the_size_is_read_from_the_header(content):
    assert image_tokens(picture(content)) == 255


def test_a_picture_in_a_data_url_is_read_too():
    assert image_tokens(Image(Source(url="data:image/png;base64," + b64encode(PNG).decode()))) == 255


@pytest.mark.parametrize(
    "image",
    [
        Image(Source(url="https://example.com/a.png")),
        Image(Source(file_id="file-1"), detail="high"),
        picture(b"not a picture"),
        picture(PNG[:20]),
        picture(PNG[:16] + b"\0" * 8),
        picture(b"\xff\xd8\xff\xe0"),
        picture(b"\xff\xd8" + b"\xff\xe0\0\0" * 50),
        picture(WEBP + b"????" + b"\0" * 20),
        Image(Source(data="§§§")),
        Image(Source(data="")),
    ],
)
def test_a_picture_of_unknown_size_counts_as_a_common_one(image):
    assert image_tokens(image) == 765


def test_low_detail_costs_the_same_at_any_size():
    assert image_tokens(picture(PNG, "low")) == 85


def test_sounds_films_and_files_follow_their_size():
    assert audio_tokens(Audio(Source(data="A" * 64_000), format="wav")) == 10
    assert audio_tokens(Audio(Source(data="A" * 64_000), format="mp3")) == 30
    assert video_tokens(Video(Source(data="A" * 1_000_000))) == 789
    assert document_tokens(Document(Source(data="A" * 64_000))) == 1500
    assert document_tokens(Document(Source(url="https://example.com/a.pdf"))) == 3125


def test_words_that_are_known_are_counted_instead_of_bytes():
    prompt = blocks_prompt(
        [
            Document(Source(text="body"), title="title", context="context"),
            Audio(Source(), id="audio_1", transcript="spoken"),
            Refusal("no"),
            Opaque("anthropic", {"type": "x"}),
        ]
    )

    assert prompt.texts == ["title", "context", "body", "spoken", "no", '{"type":"x"}']
    assert prompt.fixed == 0
    assert blocks_prompt([Document(Source(data="A" * 64)), Video(Source(data="A" * 4))]).fixed == 3
