"""A conversation as one prompt: for providers that take a text and no messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    system: list[str] = []
    said: list[tuple[str, str]] = []
    images: list[Source] = []
    names = {
        block.id: block.name for turn in ask.turns for block in turn.blocks if isinstance(block, ToolCall)
    }
    for at, turn in enumerate(ask.turns):
        try:
            text = _text(turn.blocks, images, names, provider)
        except BadRequest as error:
            raise BadRequest(f"messages[{at}]: {error.message}", param=f"messages[{at}]") from None
        if not text:
            continue
        if turn.role in ("system", "developer"):
            system.append(text)
        else:
            said.append((_SPEAKERS[turn.role], text))
    if len(said) == 1 and said[0][0] == "User":
        prompt = said[0][1]
    else:
        lines = [f"### {speaker}:\n{text}" for speaker, text in said]
        prompt = "\n\n".join([*lines, "### Assistant:\n"])
    if with_tools and (words := tell(ask)):
        system.append(words)
    return Transcript("\n\n".join(system), prompt, images)


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
