"""Pictures, sounds, films and documents: to Converse's, which takes bytes or an address in S3."""

from __future__ import annotations

from tianji.errors import BadRequest
from tianji.providers.dialects.converse.names import DocumentNames
from tianji.wire.neutral import Audio, Document, Image, Source, Video
from tianji.wire.values import Object

_PICTURES = ("png", "jpeg", "gif", "webp")
_FILMS = ("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp")
_SOUNDS = (
    *("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac"),
    *("m4a", "mpeg", "mpga", "pcm", "webm"),
)
_DOCUMENTS = ("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md")
_SPELLINGS = {
    "jpg": "jpeg",
    "quicktime": "mov",
    "x-matroska": "mkv",
    "x-flv": "flv",
    "x-ms-wmv": "wmv",
    "3gp": "three_gp",
    "3gpp": "three_gp",
    "x-wav": "wav",
    "plain": "txt",
    "markdown": "md",
    "msword": "doc",
    "vnd.ms-excel": "xls",
    "vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_BEGINNINGS = {"iVBOR": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp", "JVBER": "pdf"}
"""How files of these kinds begin in base64."""


def write_image(image: Image) -> Object:
    """Write a picture."""
    kind = _format(image.source, _PICTURES, "a picture", sniff=True)
    return {"image": {"format": kind, "source": _source(image.source, "a picture")}}


def write_video(video: Video) -> Object:
    """Write a film."""
    kind = _format(video.source, _FILMS, "a film", otherwise="mp4")
    return {"video": {"format": kind, "source": _source(video.source, "a film")}}


def write_audio(audio: Audio) -> Object:
    """Write a sound."""
    said = Source(media_type=audio.format) if audio.format else audio.source
    kind = _format(said, _SOUNDS, "a sound", otherwise="wav")
    return {"audio": {"format": kind, "source": _source(audio.source, "a sound")}}


def write_document(document: Document, names: DocumentNames) -> Object:
    """Write a document; its name is made one that Bedrock takes."""
    source = document.source
    name = names.legal(document.title or document.name)
    out: Object = {"name": name}
    if source.text is not None:
        out |= {"format": "txt", "source": {"text": source.text}}
    else:
        named = Source(url=document.name, data=source.data, media_type=source.media_type)
        kind = _format(
            source if source.media_type or source.url else named, _DOCUMENTS, "a document", sniff=True
        )
        out |= {"format": kind, "source": _source(source, "a document")}
    if document.context is not None:
        out["context"] = document.context
    if document.citations is not None:
        out["citations"] = {"enabled": document.citations}
    return {"document": out}


def _source(source: Source, what: str) -> Object:
    if source.data is not None:
        return {"bytes": source.data}
    address = source.url or source.file_id or ""
    if address.startswith("s3://"):
        return {"s3Location": {"uri": address}}
    raise BadRequest(
        f"Bedrock fetches nothing from addresses: send {what} as data (data:…;base64,…) or as s3://…",
        code="unsupported_content",
    )


def _format(
    source: Source, known: tuple[str, ...], what: str, *, sniff: bool = False, otherwise: str | None = None
) -> str:
    said = (source.media_type or "").partition(";")[0].rpartition("/")[2].lower()
    if not said and source.url:
        said = source.url.rpartition(".")[2].lower()
    kind = _SPELLINGS.get(said, said)
    if sniff and source.data and kind not in known:
        found = next((kind for begins, kind in _BEGINNINGS.items() if source.data.startswith(begins)), kind)
        kind = found if found in known else kind
    if kind in known:
        return kind
    if otherwise is not None and not kind:
        return otherwise
    raise BadRequest(
        f"Bedrock takes {what} as {', '.join(known)}; this one is {kind or 'of an unknown kind'}",
        code="unsupported_content",
    )
