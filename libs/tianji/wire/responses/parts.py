"""Content parts of the Responses API: to and from blocks."""

from __future__ import annotations

from collections.abc import Iterable

from tianji.wire import values
from tianji.wire.chat.parts import read_cache, read_url, write_url
from tianji.wire.neutral import (
    Audio,
    Block,
    CacheMark,
    Document,
    Image,
    Opaque,
    Refusal,
    Source,
    Text,
)
from tianji.wire.values import Object, optional, required, string

DIALECT = "responses"
_TEXTS = ("input_text", "output_text", "text", "summary_text", "reasoning_text")


def read_content(content: object, at: str) -> list[Block]:
    """Read `content` or `output`: a string or an array of parts."""
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
    if kind in _TEXTS:
        return Text(required(string, holder, "text", at), cache=_mark(holder, at))
    match kind:
        case "input_image":
            return _image(holder, at)
        case "input_file":
            return _file(holder, at)
        case "input_audio":
            sound = required(values.mapping, holder, "input_audio", at)
            data = required(string, sound, "data", f"{at}.input_audio")
            return Audio(Source(data=data), format=optional(string, sound, "format", f"{at}.input_audio"))
        case "refusal":
            return Refusal(required(string, holder, "refusal", at))
        case "computer_screenshot" if holder.get("image_url"):
            return Image(read_url(required(string, holder, "image_url", at)))
    return Opaque(DIALECT, holder)


def _mark(part: Object, at: str) -> CacheMark | None:
    """Read a cache mark, in OpenAI's words or in Anthropic's."""
    if isinstance(part.get("prompt_cache_breakpoint"), dict):
        return CacheMark()
    return read_cache(part, at)


def _image(part: Object, at: str) -> Block:
    url, file_id = part.get("image_url"), optional(string, part, "file_id", at)
    if isinstance(url, dict):  # as chat messages have it
        url = url.get("url")
    if url is None and file_id is None:
        raise values.BadRequest(f"{at}: needs image_url or file_id", param=at)
    source = Source(file_id=file_id) if url is None else read_url(string(url, f"{at}.image_url"))
    return Image(source, detail=optional(string, part, "detail", at), cache=_mark(part, at))


def _file(part: Object, at: str) -> Block:
    data, url = optional(string, part, "file_data", at), optional(string, part, "file_url", at)
    name = optional(string, part, "filename", at)
    if data is not None:
        source = read_url(data) if ":" in data[:8] else Source(data=data)
    elif url is not None:
        source = read_url(url)
    else:
        file_id = optional(string, part, "file_id", at)
        if file_id is None:
            raise values.BadRequest(f"{at}: needs file_data, file_url or file_id", param=at)
        source = Source(file_id=file_id)
    return Document(source, name=name, cache=_mark(part, at))


def write_content(blocks: Iterable[Block], *, assistant: bool = False) -> list[Object]:
    """Write blocks as content parts. Raises BadRequest for what cannot stand in an input."""
    return [written for block in blocks if (written := _written(block, assistant=assistant)) is not None]


def _written(block: Block, *, assistant: bool) -> Object | None:
    match block:
        case Text(text=""):
            return None
        case Text(text=text):
            return {"type": "output_text" if assistant else "input_text", "text": text}
        case Refusal(text=text):
            return {
                "type": "refusal" if assistant else "input_text",
                "refusal" if assistant else "text": text,
            }
        case Image(source=source):
            image: Object = {"type": "input_image", "detail": block.detail or "auto"}
            if source.file_id is not None:
                return image | {"file_id": source.file_id}
            return image | {"image_url": write_url(source, "image/png")}
        case Document():
            return _written_file(block)
        case Audio(source=source) if source.data is not None:
            sound = {"data": source.data, "format": block.format or "wav"}
            return {"type": "input_audio", "input_audio": sound}
        case Audio(transcript=str(text)):
            return {"type": "output_text" if assistant else "input_text", "text": text}
        case Opaque(dialect=dialect, value=value) if dialect == DIALECT:
            return dict(value)
        case Opaque(value=value):
            kind = value.get("type", "content")
            raise values.BadRequest(f"content of the type '{kind}' cannot be sent to this provider")
    raise values.BadRequest(f"a block '{type(block).__name__}' cannot stand in this message")


def _written_file(block: Document) -> Object:
    source, title = block.source, block.title or block.name
    if source.text is not None:
        return {"type": "input_text", "text": f"{title}\n\n{source.text}" if title else source.text}
    if source.file_id is not None:
        return {"type": "input_file", "file_id": source.file_id}
    if source.url is not None:
        return {"type": "input_file", "file_url": source.url}
    data = write_url(source, "application/pdf")
    return {"type": "input_file", "filename": title or "document.pdf", "file_data": data}
