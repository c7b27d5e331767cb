"""Pictures, sounds, films and files: to parts.

What has an address is fetched by Google, never by the gateway: Gemini takes its own files,
`gs://` and YouTube addresses, and public ones.
"""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import urlsplit

from tianji.errors import BadRequest
from tianji.providers.dialects.gemini.model import Model
from tianji.wire.neutral import Audio, Document, Image, Source, Video
from tianji.wire.values import Object

_SOUNDS = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm16": "audio/pcm"}
_USUAL: dict[type[Any], str] = {Image: "image/png", Video: "video/mp4", Document: "application/pdf"}
_DETAILS = {
    "low": "MEDIA_RESOLUTION_LOW",
    "medium": "MEDIA_RESOLUTION_MEDIUM",
    "high": "MEDIA_RESOLUTION_HIGH",
}
_FILMS = ("https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/")
_OWN_FILES = "https://generativelanguage.googleapis.com/"
"""Files that were handed to Gemini before: it knows what they are."""
_KEPT = {"videoMetadata": "videoMetadata", "video_metadata": "videoMetadata"}


def write_media(block: Image | Audio | Video | Document, model: Model) -> Object:
    """Write a block as a part. Raises BadRequest for a file that Gemini cannot reach."""
    if isinstance(block, Document) and block.source.text is not None:
        title = f"{block.title}\n\n" if block.title else ""
        return {"text": f"{title}{block.source.text}"}
    part = _bytes(block.source, _media_type(block))
    for name, value in block.extra.items():
        if name in _KEPT:
            part[_KEPT[name]] = value
    detail = block.detail if isinstance(block, Image) else None
    if detail in _DETAILS and model.generation >= 3:
        part["mediaResolution"] = {"level": _DETAILS[detail]}
    return part


def _bytes(source: Source, media_type: str) -> Object:
    if source.data is not None:
        return {"inlineData": {"mimeType": media_type, "data": source.data}}
    address = source.url or source.file_id
    if not address:
        raise BadRequest("a file is named by nothing: it needs its data, an address or an id")
    if source.media_type is None and (source.url is None or address.startswith(_OWN_FILES)):
        return {"fileData": {"fileUri": address}}
    return {"fileData": {"mimeType": media_type, "fileUri": address}}


def _media_type(block: Image | Audio | Video | Document) -> str:
    """Say what kind of bytes a block holds: as it says, as its name ends, or what is usual."""
    source = block.source
    if source.media_type:
        return source.media_type
    if isinstance(block, Audio):
        kind = (block.format or "wav").lower()
        return kind if "/" in kind else _SOUNDS.get(kind, f"audio/{kind}")
    if source.url and source.url.startswith(_FILMS):
        return _USUAL[Video]
    named = block.name if isinstance(block, Document) else None
    path = urlsplit(source.url).path if source.url else named or ""
    return mimetypes.guess_type(path)[0] or _USUAL[type(block)]
