"""The body of a Converse answer: to an `Answer`."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping

import msgspec

from tianji.providers.dialects.anthropic.shape import TOOL
from tianji.providers.dialects.converse.blocks import DIALECT
from tianji.providers.dialects.converse.citations import read_citation
from tianji.wire import values
from tianji.wire.neutral import (
    Answer,
    Block,
    Choice,
    Finish,
    Image,
    Opaque,
    Reasoning,
    Source,
    Text,
    ToolCall,
    Usage,
)
from tianji.wire.usage import count
from tianji.wire.values import Object

FINISH: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "refusal",
    "pause_turn": "pause",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}
_KNOWN = ("output", "stopReason", "usage", "serviceTier")


def read(body: bytes, model: str, names: Mapping[str, str], *, emulated: bool) -> Answer:
    """Read a whole answer. Raises BadRequest or ValueError for what is none.

    `names` are the client's names of tools that were sent under others; `emulated` turns the call that
    carries the answer into its text.
    """
    whole = values.mapping(msgspec.json.decode(body), "body")
    output = values.required(values.mapping, whole, "output", "")
    message = values.required(values.mapping, output, "message", "output")
    content = values.array(message.get("content") or [], "output.message.content")
    blocks = [_block(values.mapping(part, "content"), names, emulated=emulated) for part in content]
    raw = whole.get("stopReason")
    more = whole.get("additionalModelResponseFields")
    choice = Choice(
        blocks=[block for block in blocks if block is not None],
        finish=finish_of(raw, called=any(isinstance(block, ToolCall) for block in blocks)),
        finish_raw=raw if isinstance(raw, str) else None,
        stop_sequence=stop_sequence(more),
    )
    tier = whole.get("serviceTier")
    extra = values.rest(whole, _KNOWN)
    return Answer(
        model=model,
        created=int(time.time()),
        choices=[choice],
        usage=read_usage(whole["usage"]) if isinstance(whole.get("usage"), dict) else None,
        service_tier=tier.get("type") if isinstance(tier, dict) else None,
        extra={DIALECT: extra} if extra else {},
    )


def _block(part: Object, names: Mapping[str, str], *, emulated: bool) -> Block | None:
    match part:
        case {"text": str(text)}:
            return Text(text)
        case {"citationsContent": dict(cited)}:
            return _cited(cited)
        case {"reasoningContent": dict(thought)}:
            return _thought(thought)
        case {"toolUse": {"type": "server_tool_use"}}:
            return Opaque(DIALECT, part)
        case {"toolUse": {"toolUseId": str(identity), "name": str(name), **more}}:
            arguments = values.encode(more.get("input") or {}).decode()
            if emulated and name == TOOL:
                return Text(arguments)
            return ToolCall(identity, names.get(name, name), arguments)
        case {"image": {"format": str(kind), "source": {"bytes": str(data)}}}:
            return Image(Source(data=data, media_type=f"image/{kind}"))
        case _:
            return Opaque(DIALECT, part) if part else None


def _cited(cited: Object) -> Text:
    said = [part.get("text") for part in values.array(cited.get("content") or [], "citationsContent")]
    citations = values.array(cited.get("citations") or [], "citations")
    return Text(
        "".join(text for text in said if isinstance(text, str)),
        [read_citation(values.mapping(citation, "citations")) for citation in citations],
    )


def _thought(thought: Object) -> Reasoning:
    if isinstance(thought.get("redactedContent"), str):
        return Reasoning(encrypted=unsealed(thought["redactedContent"]))
    told = values.mapping(thought.get("reasoningText") or {}, "reasoningText")
    signature = told.get("signature")
    return Reasoning(str(told.get("text") or ""), signature if isinstance(signature, str) else None)


def unsealed(redacted: str) -> str:
    """Return a hidden thought as Anthropic itself writes it; Bedrock wraps it in base64 once more."""
    try:
        return base64.b64decode(redacted, validate=True).decode("latin-1")
    except binascii.Error:
        return redacted


def finish_of(raw: object, *, called: bool) -> Finish:
    """Say why the model stopped; a call that only carried the answer is none."""
    finish = FINISH.get(raw, "stop") if isinstance(raw, str) else "stop"
    if finish == "stop" and called and raw != "stop_sequence":
        return "tool_calls"
    return "stop" if finish == "tool_calls" and not called else finish


def stop_sequence(more: object) -> str | None:
    """Find the stop sequence among the vendor's own fields, where it was asked for."""
    found = more.get("stop_sequence") if isinstance(more, dict) else None
    return found if isinstance(found, str) else None


def read_usage(raw: Object) -> Usage:
    """Read a usage object: Bedrock counts cached tokens beside the others, we count them within."""
    read = count(raw.get("cacheReadInputTokens", raw.get("cacheReadInputTokenCount")))
    written = count(raw.get("cacheWriteInputTokens", raw.get("cacheWriteInputTokenCount")))
    details = raw.get("cacheDetails")
    hour = [
        count(detail.get("inputTokens"))
        for detail in (details if isinstance(details, list) else ())
        if isinstance(detail, dict) and detail.get("ttl") == "1h"
    ]
    return Usage(
        input_tokens=count(raw.get("inputTokens")) + read + written,
        output_tokens=count(raw.get("outputTokens")),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=sum(hour),
    )
