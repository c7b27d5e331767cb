"""A whole answer: to the body of a Messages answer."""

from __future__ import annotations

import uuid

import msgspec

from tianji.wire.call_ids import seal
from tianji.wire.chat.parts import write_url
from tianji.wire.messages.blocks import DIALECT, write_block
from tianji.wire.messages.citations import write_citation
from tianji.wire.messages.usage import write_usage
from tianji.wire.neutral import (
    Answer,
    Ask,
    Audio,
    Block,
    Choice,
    Finish,
    Image,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from tianji.wire.values import Object

_STOP = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
    "error": "end_turn",
}


def write(answer: Answer, ask: Ask) -> bytes:
    """Write an answer; of several choices the first, since this format has but one."""
    choice = answer.choices[0] if answer.choices else Choice()
    content = [written for block in choice.blocks if (written := answer_block(block)) is not None]
    return msgspec.json.encode(
        {
            **answer.extra.get(DIALECT, {}),
            "id": message_id(answer.id),
            "type": "message",
            "role": "assistant",
            "model": answer.model or ask.model,
            "content": content,
            "stop_reason": stop_reason(choice.finish or "stop", choice.stop_sequence),
            "stop_sequence": choice.stop_sequence,
            "usage": write_usage(answer.usage or Usage()),
        }
    )


def message_id(identity: str) -> str:
    """Return the provider's id, or a new one where it gave none."""
    return identity or f"msg_{uuid.uuid4().hex}"


def stop_reason(finish: Finish, stop_sequence: str | None) -> str:
    """Return Anthropic's word for why the model stopped."""
    if finish == "stop" and stop_sequence is not None:
        return "stop_sequence"
    return _STOP[finish]


def answer_block(block: Block) -> Object | None:
    """Write a block of an answer; None for what this format cannot show."""
    match block:
        case Text(text=text, citations=[_, *_]):
            cited = [out for one in block.citations if (out := write_citation(one, text)) is not None]
            written = write_block(block)
            return written and {**written, "citations": cited}
        case ToolCall():
            return write_block(seal(block))
        case Reasoning(encrypted=None, text=text):
            return {"type": "thinking", "thinking": text, "signature": block.signature or ""}
        case Audio(transcript=str(text)):
            return write_block(Text(text))
        case Image(source=source) if source.data is None:
            return {"type": "text", "text": f"![image]({write_url(source)})"}
        case Audio() | Image():
            return None  # a picture's data has no place in an answer
        case Opaque(dialect=dialect) if dialect != DIALECT:
            return None
    return write_block(block)
