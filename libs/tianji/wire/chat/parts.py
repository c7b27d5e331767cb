"""Content parts of chat messages: to and from blocks.

Parts that have no place in the neutral form become `Opaque` blocks of the dialect `chat`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tianji.wire import values
from tianji.wire.neutral import (
    Audio,
    Block,
    CacheMark,
    Document,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Source,
    Text,
    Video,
)
from tianji.wire.values import Object, optional, required, string

DIALECT = "chat"
_OF_A_FILM = ("video_metadata",)
"""What clients say of a film inside `file`, for the provider that takes films."""


def read_content(content: object, at: str) -> list[Block]:
    """Read `content`: a string, an array of parts, or null."""
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(content)]
    if isinstance(content, list):
        return [read_part(part, f"{at}[{number}]") for number, part in enumerate(content)]
    raise values.wrong(at, "a string or an array of content parts", content)


def read_part(part: object, at: str) -> Block:
    """Read one content part."""
    if isinstance(part, str):
        return Text(part)
    holder = values.mapping(part, at)
    kind = required(string, holder, "type", at)
    reader = _READERS.get(kind)
    return reader(holder, at) if reader else Opaque(DIALECT, holder)


def read_cache(holder: Object, at: str) -> CacheMark | None:
    """Read `cache_control`."""
    mark = optional(values.mapping, holder, "cache_control", at)
    if mark is None:
        return None
    return CacheMark(ttl=optional(string, mark, "ttl", f"{at}.cache_control"))


def write_cache(mark: CacheMark) -> Object:
    """Write `cache_control`."""
    return {"type": "ephemeral"} if mark.ttl is None else {"type": "ephemeral", "ttl": mark.ttl}


def read_url(url: str, media_type: str | None = None) -> Source:
    """Read a URL; one that carries its data is taken apart."""
    if url[:5].lower() == "data:":
        head, comma, data = url[5:].partition(",")
        if comma and head.endswith(";base64"):
            return Source(data=data, media_type=media_type or head[: -len(";base64")] or None)
    return Source(url=url, media_type=media_type)


def write_url(source: Source, media_type: str = "application/octet-stream") -> str:
    """Write a source as a URL."""
    if source.data is not None:
        return f"data:{source.media_type or media_type};base64,{source.data}"
    return source.url or source.file_id or ""


def _text(part: Object, at: str) -> Block:
    return Text(
        required(string, part, "text", at),
        cache=read_cache(part, at),
        extra=values.rest(part, ("type", "text", "cache_control")),
    )


def _image(part: Object, at: str) -> Block:
    if "image_url" not in part:
        values.required(values.mapping, part, "image_url", at)
    image, place = part["image_url"], f"{at}.image_url"
    if isinstance(image, str):
        image = {"url": image}
    holder = values.mapping(image, place)
    return Image(
        read_url(required(string, holder, "url", place), optional(string, holder, "format", place)),
        detail=optional(string, holder, "detail", place),
        cache=read_cache(part, at),
        extra=values.rest(part, ("type", "image_url", "cache_control")),
    )


def _audio(part: Object, at: str) -> Block:
    sound = required(values.mapping, part, "input_audio", at)
    place = f"{at}.input_audio"
    return Audio(
        Source(data=required(string, sound, "data", place)),
        format=optional(string, sound, "format", place),
        extra=values.rest(part, ("type", "input_audio")),
    )


def _video(part: Object, at: str) -> Block:
    film, place = part.get("video_url"), f"{at}.video_url"
    if isinstance(film, str):
        film = {"url": film}
    url = required(string, values.mapping(film, place), "url", place)
    return Video(read_url(url), extra=values.rest(part, ("type", "video_url")))


def _file(part: Object, at: str) -> Block:
    file = required(values.mapping, part, "file", at)
    place = f"{at}.file"
    data, file_id = optional(string, file, "file_data", place), optional(string, file, "file_id", place)
    kind = optional(string, file, "format", place)
    if data is not None:
        source = read_url(data, kind) if ":" in data[:8] else Source(data=data, media_type=kind)
    elif file_id is not None and file_id.startswith(("http://", "https://", "gs://", "s3://", "data:")):
        source = read_url(file_id, kind)
    elif file_id is not None:
        source = Source(file_id=file_id, media_type=kind)
    else:
        raise values.BadRequest(f"{place}: needs file_data or file_id", param=place)
    return Document(
        source,
        name=optional(string, file, "filename", place),
        cache=read_cache(part, at),
        extra=values.rest(part, ("type", "file", "cache_control"))
        | {name: file[name] for name in _OF_A_FILM if name in file},
    )


def _document(part: Object, at: str) -> Block:
    """Read a document in Anthropic's words, which LiteLLM's users send in chat messages too."""
    source, place = required(values.mapping, part, "source", at), f"{at}.source"
    kind = required(string, source, "type", place)
    data = {name: optional(string, source, name, place) for name in ("data", "url", "file_id", "media_type")}
    if kind == "text":
        found = Source(text=data["data"], media_type=data["media_type"])
    elif kind in ("base64", "url", "file"):
        found = Source(**data)
    else:
        return Opaque(DIALECT, part)
    cite = optional(values.mapping, part, "citations", at)
    return Document(
        found,
        title=optional(string, part, "title", at),
        context=optional(string, part, "context", at),
        citations=None if cite is None else bool(cite.get("enabled")),
        cache=read_cache(part, at),
    )


def _refusal(part: Object, at: str) -> Block:
    return Refusal(required(string, part, "refusal", at))


def _thinking(part: Object, at: str) -> Block:
    thought = part.get("thinking")
    if isinstance(thought, list):  # as Mistral writes it: content parts of its own
        inner = read_content(thought, f"{at}.thinking")
        return Reasoning("".join(block.text for block in inner if isinstance(block, Text)))
    return Reasoning(
        optional(string, part, "thinking", at) or "",
        signature=optional(string, part, "signature", at),
        cache=read_cache(part, at),
    )


def _redacted(part: Object, at: str) -> Block:
    return Reasoning(encrypted=required(string, part, "data", at), cache=read_cache(part, at))


_READERS: dict[str, Callable[[Object, str], Block]] = {
    "text": _text,
    "image_url": _image,
    "input_audio": _audio,
    "video_url": _video,
    "file": _file,
    "document": _document,
    "refusal": _refusal,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
}


def write_content(blocks: Iterable[Block]) -> str | list[Object]:
    """Write blocks as `content`: a string where that says it all."""
    parts = [write_part(block) for block in blocks]
    if all(part.keys() == {"type", "text"} for part in parts):
        if len(parts) == 1:
            return str(parts[0]["text"])
        if not parts:
            return ""
    return parts


def write_part(block: Block) -> Object:
    """Write one block as a content part. Raises BadRequest for what chat messages cannot hold."""
    part = _written(block)
    cache = getattr(block, "cache", None)
    if cache is not None:
        part["cache_control"] = write_cache(cache)
    return part


def _written(block: Block) -> Object:
    match block:
        case Text():
            return {"type": "text", "text": block.text, **block.extra}
        case Image(source=source):
            image: Object = {"url": write_url(source, "image/png")}
            if block.detail is not None:
                image["detail"] = block.detail
            return {"type": "image_url", "image_url": image, **block.extra}
        case Audio(source=source):
            sound = {"data": source.data or "", "format": block.format or "wav"}
            return {"type": "input_audio", "input_audio": sound, **block.extra}
        case Video(source=source):
            return {"type": "video_url", "video_url": {"url": write_url(source, "video/mp4")}, **block.extra}
        case Document():
            return _written_document(block)
        case Refusal(text=text):
            return {"type": "refusal", "refusal": text}
        case Opaque(dialect=dialect, value=value) if dialect == DIALECT:
            return dict(value)
        case Opaque(dialect=dialect, value=value):
            kind = value.get("type", "content")
            raise values.BadRequest(
                f"a block '{kind}' of the format '{dialect}' cannot be sent to this provider"
            )
        case _:
            raise values.BadRequest(f"a block '{type(block).__name__}' cannot stand in this message")


def _written_document(block: Document) -> Object:
    source = block.source
    if source.text is not None:
        title = f"{block.title}\n\n" if block.title else ""
        return {"type": "text", "text": f"{title}{source.text}"}
    file: dict[str, Any] = {}
    if source.data is not None:
        file["file_data"] = write_url(source, "application/pdf")
        file["filename"] = block.name or block.title or "document.pdf"
    else:
        file["file_id"] = source.file_id or source.url
        if block.name is not None:
            file["filename"] = block.name
    return {"type": "file", "file": file, **block.extra}
