"""A conversation as one prompt: for providers that take a text and no messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from tianji.errors import BadRequest
from tianji.providers.dialects.spoken_tools import say, tell
from tianji.wire.neutral import (
    Ask,
    Block,
    Document,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
    ToolResult,
)

_SPEAKERS = {"user": "User", "assistant": "Assistant", "tool": "Tool"}


class Line(Struct, frozen=True):
    """What somebody said: `system`, `user`, `assistant` or `tool`."""

    speaker: str
    text: str


class Transcript(Struct):
    """What was said: by the system, by all others, and the pictures that were shown."""

    system: str
    prompt: str
    images: list[Source]


def transcribe(ask: Ask, provider: str, *, with_tools: bool = False) -> Transcript:
    """Write a conversation down; speakers are named only where there is more than one turn.

    `with_tools` tells of the tools as part of what the system says. Raises BadRequest for what is
    neither a text nor a picture.
    """
    images: list[Source] = []
    lines = list(_lines(ask, images, provider))
    system = [line.text for line in lines if line.speaker == "system"]
    said = [line for line in lines if line.speaker != "system"]
    if len(said) == 1 and said[0].speaker == "user":
        prompt = said[0].text
    else:
        named = [f"### {_SPEAKERS[line.speaker]}:\n{line.text}" for line in said]
        prompt = "\n\n".join([*named, "### Assistant:\n"])
    if with_tools and (words := tell(ask)):
        system.append(words)
    return Transcript("\n\n".join(system), prompt, images)


def dialogue(ask: Ask, provider: str) -> list[Line]:
    """Return what system, user and assistant said, the tools told by the system, neighbours of one joined.

    Raises BadRequest for what is no text.
    """
    images: list[Source] = []
    lines = list(_lines(ask, images, provider))
    if images:
        raise BadRequest(f"{provider}: this model takes text alone, and no pictures", param="messages")
    if words := tell(ask):
        first = next((at for at, line in enumerate(lines) if line.speaker != "system"), len(lines))
        lines.insert(first, Line("system", words))
    out: list[Line] = []
    for line in lines:
        speaker = "user" if line.speaker == "tool" else line.speaker
        if out and out[-1].speaker == speaker:
            out[-1] = Line(speaker, f"{out[-1].text}\n\n{line.text}")
        else:
            out.append(Line(speaker, line.text))
    return out


def _lines(ask: Ask, images: list[Source], provider: str) -> Iterator[Line]:
    names = {
        block.id: block.name for turn in ask.turns for block in turn.blocks if isinstance(block, ToolCall)
    }
    for at, turn in enumerate(ask.turns):
        try:
            text = _text(turn.blocks, images, names, provider)
        except BadRequest as error:
            raise BadRequest(f"messages[{at}]: {error.message}", param=f"messages[{at}]") from None
        if text.strip():
            yield Line("system" if turn.role == "developer" else turn.role, text)


def _text(blocks: Sequence[Block], images: list[Source], names: Mapping[str, str], provider: str) -> str:
    found: list[str] = []
    calls: list[ToolCall] = []
    for block in blocks:
        match block:
            case Text(text=text) | Refusal(text=text):
                found.append(text)
            case ToolCall():
                calls.append(block)
            case ToolResult(content=content):
                name = block.name or names.get(block.call_id) or "the tool"
                found.append(f"Result of {name}: {_text(content, images, names, provider)}")
            case Document() if block.source.text is not None:
                title = block.title or block.name
                found.append(f"{title}\n\n{block.source.text}" if title else block.source.text)
            case Image(source=source):
                images.append(source)
            case Reasoning() | Opaque():
                pass  # thoughts and tools of other providers
            case _:
                raise BadRequest(f"{provider} takes no {type(block).__name__.lower()} here")
    if calls:
        found.append(say(calls))
    return "\n".join(text for text in found if text)
