"""Pictures, sounds, films and files in parts: to and from blocks."""

from __future__ import annotations

from tianji.wire.chat.parts import write_url
from tianji.wire.generate_content.signatures import standard
from tianji.wire.generate_content.spelling import fields
from tianji.wire.neutral import Audio, Block, Document, Image, Source, Video
from tianji.wire.values import Object, optional, required, string

_FORMATS = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav", "l16": "pcm16", "pcm": "pcm16"}
_SOUNDS = {"mp3": "audio/mpeg", "pcm16": "audio/pcm"}
_FILMS = ("https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/")


def read_inline(part: Object, at: str) -> Block:
    """Read `inlineData`."""
    place = f"{at}.inlineData"
    data = fields(part["inlineData"], place)
    source = Source(data=standard(required(string, data, "data", place)))
    source.media_type = optional(string, data, "mimeType", place)
    return _block(source, optional(string, data, "displayName", place))


def read_file(part: Object, at: str) -> Block:
    """Read `fileData`."""
    place = f"{at}.fileData"
    data = fields(part["fileData"], place)
    source = Source(url=required(string, data, "fileUri", place))
    source.media_type = optional(string, data, "mimeType", place)
    return _block(source, optional(string, data, "displayName", place))


def _block(source: Source, name: str | None) -> Block:
    kind, _, form = (source.media_type or "").partition(";")[0].partition("/")
    if kind == "image":
        return Image(source)
    if kind == "audio":
        return Audio(source, _FORMATS.get(form.lower(), form))
    if kind == "video" or (not kind and (source.url or "").startswith(_FILMS)):
        return Video(source)
    return Document(source, name=name)


def write_media(block: Image | Audio | Video | Document) -> Object | None:
    """Write a block of an answer as a part; None for one without content."""
    source = block.source
    if isinstance(block, Audio):
        kind = source.media_type or _SOUNDS.get(block.format or "", f"audio/{block.format or 'wav'}")
    else:
        kind = source.media_type or ("image/png" if isinstance(block, Image) else "application/octet-stream")
    if source.data is not None:
        return {"inlineData": {"mimeType": kind, "data": source.data}}
    url = write_url(source)
    return {"fileData": {"mimeType": kind, "fileUri": url}} if url else None
