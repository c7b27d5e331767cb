"""A whole answer: to the body of a generateContent answer."""

from __future__ import annotations

import uuid

import msgspec

from tianji.wire.generate_content.citations import Citations, place
from tianji.wire.generate_content.logprobs import write_logprobs
from tianji.wire.generate_content.media import write_media
from tianji.wire.generate_content.signatures import write_signature
from tianji.wire.generate_content.spelling import DIALECT
from tianji.wire.generate_content.usage import write_usage
from tianji.wire.messages.blocks import read_arguments
from tianji.wire.neutral import (
    Answer,
    Ask,
    Audio,
    Block,
    Choice,
    Document,
    Finish,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Video,
)
from tianji.wire.values import Object

_FINISH: dict[Finish, str] = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "content_filter": "SAFETY",
    "refusal": "SAFETY",
    "pause": "STOP",
    "error": "OTHER",
}
_OWN = frozenset(
    (
        "BLOCKLIST",
        "IMAGE_SAFETY",
        "LANGUAGE",
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "OTHER",
        "PROHIBITED_CONTENT",
        "RECITATION",
        "SPII",
        "TOO_MANY_TOOL_CALLS",
        "UNEXPECTED_TOOL_CALL",
    )
)
"""Words of Google's that say more than ours."""


def write(answer: Answer, ask: Ask) -> bytes:
    """Write an answer."""
    body: Object = {"candidates": [_candidate(choice) for choice in answer.choices]}
    if answer.usage is not None:
        body["usageMetadata"] = write_usage(answer.usage)
    body["modelVersion"] = answer.model or ask.model
    body["responseId"] = response_id(answer.id)
    return msgspec.json.encode(body)


def response_id(identity: str) -> str:
    """Return the provider's id, or a new one where it gave none."""
    return identity or uuid.uuid4().hex


def _candidate(choice: Choice) -> Object:
    parts = [part for block in choice.blocks if (part := write_part(block)) is not None]
    citations, said = Citations(), 0
    for block in choice.blocks:
        if isinstance(block, Text):
            for citation in block.citations:
                citations.add([citation], *place(citation, block.text, said))
            said += len(block.text.encode())
    return {
        "content": {"parts": parts, "role": "model"},
        "finishReason": finish_reason(choice.finish or "stop", choice.finish_raw),
        "index": choice.index,
        **citations.written(),
        **write_logprobs(choice.logprobs),
        **choice.extra.get(DIALECT, {}),
    }


def finish_reason(finish: Finish, raw: str | None) -> str:
    """Return Google's word for why the model stopped."""
    return raw if raw in _OWN else _FINISH[finish]


def write_part(block: Block) -> Object | None:
    """Write a block of an answer as a part; None for one that this format cannot show."""
    match block:
        case Text(text="") | Refusal(text=""):
            return None
        case Text(text=text):
            return {"text": text, **block.extra.get(DIALECT, {})}
        case Refusal(text=text):
            return {"text": text}
        case Reasoning():
            return _thought(block)
        case ToolCall():
            return _call(block)
        case Audio(transcript=str(text)) if block.source.data is None:
            return {"text": text} if text else None
        case Image() | Audio() | Video() | Document():
            return write_media(block)
        case Opaque(dialect=dialect, value=value) if dialect == DIALECT:
            return value
    return None


def _thought(block: Reasoning) -> Object | None:
    part: Object = {"text": block.text} if block.text else {}
    signature = write_signature(block)
    if signature is not None:
        part["thoughtSignature"] = signature
    return {**part, "thought": True} if part else None


def _call(call: ToolCall) -> Object:
    args = {"input": call.arguments} if call.custom else read_arguments(call.arguments)
    named: Object = {"id": call.id} if call.id else {}
    part: Object = {"functionCall": {**named, "name": call.name, "args": args}}
    if call.signature:
        part["thoughtSignature"] = call.signature
    return part
