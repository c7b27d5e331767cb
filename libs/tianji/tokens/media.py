"""How many tokens a picture, a sound or a file stands for: estimates by what providers publish.

Pictures follow OpenAI's tiles. Sounds and files follow their size, since their length is only
known to who decodes them; one that is merely linked to counts as a small one.
"""

from __future__ import annotations

import math
from binascii import Error as NotBase64
from binascii import a2b_base64

from tianji.wire.neutral import Audio, Document, Image, Source, Video

LOW_DETAIL = 85
TILE = 170
UNKNOWN_SIZE = LOW_DETAIL + 4 * TILE
"""A picture of 1024 by 1024 points: 765 tokens."""

_TILE_SIDE = 512
_LONGEST_SIDE = 2048
_SHORT_SIDE = 768

_AUDIO_TOKENS_PER_SECOND = 10
_BYTES_PER_SECOND = {"wav": 48_000, "pcm16": 48_000}
_BYTES_PER_SECOND_PACKED = 16_000
_VIDEO_TOKENS_PER_SECOND = 263
_VIDEO_BYTES_PER_SECOND = 250_000
_FILE_BYTES_PER_TOKEN = 32
"""A page of a PDF is about 50 kB and stands for some 1,500 tokens."""
_LINKED_BYTES = 100_000

_HEADER = 64 * 1024
"""Base64 signs that are decoded to find a picture's size; what stands before it is shorter."""


def image_tokens(image: Image) -> int:
    """Estimate a picture by its size, where its bytes came along, and the wanted detail."""
    if image.detail == "low":
        return LOW_DETAIL
    size = _size(_head(image.source))
    return tiles_tokens(*size) if size else UNKNOWN_SIZE


def tiles_tokens(width: int, height: int) -> int:
    """Count a picture of this size: scaled into 2048, its short side to 768, in tiles of 512."""
    scale = min(1.0, _LONGEST_SIDE / max(width, height))
    scale *= min(1.0, _SHORT_SIDE / (min(width, height) * scale))
    across = math.ceil(round(width * scale, 6) / _TILE_SIDE)
    down = math.ceil(round(height * scale, 6) / _TILE_SIDE)
    return LOW_DETAIL + TILE * across * down


def audio_tokens(audio: Audio) -> int:
    """Estimate a sound by the size of its data."""
    pace = _BYTES_PER_SECOND.get((audio.format or "").lower(), _BYTES_PER_SECOND_PACKED)
    return math.ceil(_bytes(audio.source) / pace * _AUDIO_TOKENS_PER_SECOND)


def video_tokens(video: Video) -> int:
    """Estimate a film by the size of its data."""
    return math.ceil(_bytes(video.source) / _VIDEO_BYTES_PER_SECOND * _VIDEO_TOKENS_PER_SECOND)


def document_tokens(document: Document) -> int:
    """Estimate a file that is no plain text by the size of its data."""
    return math.ceil(_bytes(document.source) / _FILE_BYTES_PER_TOKEN)


def _bytes(source: Source) -> int:
    data = _data(source)
    return len(data) * 3 // 4 if data else _LINKED_BYTES


def _data(source: Source) -> str | None:
    """Find the base64 of a source, also inside a `data:` URL."""
    if source.data is not None:
        return source.data
    if source.url and source.url.startswith("data:"):
        return source.url.partition(",")[2]
    return None


def _head(source: Source) -> bytes:
    data = _data(source)
    if not data:
        return b""
    head = data[:_HEADER]
    try:
        return a2b_base64(head[: len(head) // 4 * 4])
    except (NotBase64, ValueError):
        return b""


def _size(head: bytes) -> tuple[int, int] | None:
    """Read width and height from a PNG, GIF, WebP or JPEG header; `None` when there are none."""
    size = None
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 24:
        size = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    elif head[:4] == b"GIF8" and len(head) >= 10:
        size = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30:
        size = _webp_size(head)
    elif head[:2] == b"\xff\xd8":
        size = _jpeg_size(head)
    return size if size and min(size) > 0 else None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8 ":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """Walk a JPEG's segments up to the frame, which holds height and width."""
    place = 2
    while place + 9 <= len(head) and head[place] == 0xFF:
        marker = head[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(head[place + 5 : place + 7], "big")
            return int.from_bytes(head[place + 7 : place + 9], "big"), height
        place += 2 + int.from_bytes(head[place + 2 : place + 4], "big")
    return None
