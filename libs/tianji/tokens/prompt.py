"""What of a request a model reads: its texts, and a fixed number of tokens for all that is no text."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct, field

from tianji.tokens import media
from tianji.wire.neutral import (
    Ask,
    Audio,
    Block,
    Document,
    Image,
    NativeTool,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Video,
)

PER_TURN = 3
PER_NAME = 1
PER_ANSWER = 3
"""What OpenAI's chat format adds: to each message, to a named one, and to prime the answer."""
PER_CALL = 3
"""What wraps a tool call or its result."""


class Prompt(Struct):
    """Texts to be counted and tokens that are known without counting."""

    texts: list[str] = field(default_factory=list)
    fixed: int = 0

    @property
    def length(self) -> int:
        """Add up the signs of all texts."""
        return sum(map(len, self.texts))


def prompt_of(ask: Ask) -> Prompt:
    """Collect all that a request gives its model to read."""
    prompt = Prompt(fixed=PER_ANSWER if ask.turns else 0)
    for turn in ask.turns:
        _add_turn(prompt, turn)
    for tool in ask.tools:
        prompt.texts.append(_tool_json(tool))
    if ask.shape is not None and ask.shape.schema is not None:
        prompt.texts.append(_json(ask.shape.schema))
    return prompt


def blocks_prompt(blocks: Iterable[Block]) -> Prompt:
    """Collect what blocks hold, such as those of an answer."""
    prompt = Prompt()
    for block in blocks:
        _add_block(prompt, block)
    return prompt


def _add_turn(prompt: Prompt, turn: Turn) -> None:
    prompt.fixed += PER_TURN
    if turn.name:
        prompt.fixed += PER_NAME
        prompt.texts.append(turn.name)
    for block in turn.blocks:
        _add_block(prompt, block)


def _add_block(prompt: Prompt, block: Block) -> None:
    match block:
        case Text(text=text) | Refusal(text=text) | Reasoning(text=text):
            prompt.texts.append(text)
        case ToolCall():
            prompt.fixed += PER_CALL
            prompt.texts += [block.name, block.arguments]
        case ToolResult():
            prompt.fixed += PER_CALL
            for part in block.content:
                _add_block(prompt, part)
        case Image():
            prompt.fixed += media.image_tokens(block)
        case Audio():
            _add_audio(prompt, block)
        case Video():
            prompt.fixed += media.video_tokens(block)
        case Document():
            _add_document(prompt, block)
        case Opaque():
            prompt.texts.append(_json(block.value))


def _add_audio(prompt: Prompt, audio: Audio) -> None:
    """Count an earlier spoken answer by its words: providers keep it by its id, not its sound."""
    if audio.transcript is not None and audio.source.data is None:
        prompt.texts.append(audio.transcript)
    else:
        prompt.fixed += media.audio_tokens(audio)


def _add_document(prompt: Prompt, document: Document) -> None:
    prompt.texts += [text for text in (document.title, document.context) if text]
    if document.source.text is not None:
        prompt.texts.append(document.source.text)
    else:
        prompt.fixed += media.document_tokens(document)


def _tool_json(tool: Tool | NativeTool) -> str:
    if isinstance(tool, NativeTool):
        return _json(tool.value)
    described = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return _json({name: value for name, value in described.items() if value is not None})


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
