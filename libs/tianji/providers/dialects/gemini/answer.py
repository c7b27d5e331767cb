"""The body of a generateContent answer: to an `Answer`."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import msgspec

from tianji.errors import BadRequest
from tianji.providers.dialects.gemini.blocks import Wanted, read_logprobs, read_part
from tianji.providers.dialects.gemini.grounding import citations, in_characters
from tianji.providers.dialects.gemini.spelling import both, listed, mapped, said, text_of
from tianji.providers.dialects.gemini.usage import service_tier
from tianji.wire import values
from tianji.wire.generate_content.spelling import DIALECT
from tianji.wire.generate_content.usage import read_usage, searches
from tianji.wire.neutral import Answer, Block, Choice, Finish, Reasoning, Refusal, Text, ToolCall
from tianji.wire.values import Object

FINISH: dict[str, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "ESCALATION": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "PUP_LIMITED_DISABLED": "content_filter",
    "MALFORMED_FUNCTION_CALL": "error",
    "MALFORMED_RESPONSE": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
}
_FOR_CHAT = {
    "groundingMetadata": "vertex_ai_grounding_metadata",
    "urlContextMetadata": "vertex_ai_url_context_metadata",
    "safetyRatings": "vertex_ai_safety_results",
    "citationMetadata": "vertex_ai_citation_metadata",
}
"""What clients of chat completions find beside an answer, by the names that LiteLLM gave it."""
_READ = both(("content", "finishReason", "index", "logprobsResult", "tokenCount"))


class Unreadable(Exception):
    """A provider's answer does not have the form it should have."""


def read(body: bytes, want: Wanted) -> Answer:
    """Read a whole answer; one that came as an array of pieces is not taken for whole."""
    try:
        whole = values.mapping(msgspec.json.decode(body), "body")
    except BadRequest as error:
        raise Unreadable(error.message) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON ({error})") from None
    candidates = [mapped(item) for item in listed(whole.get("candidates"))]
    feedback = mapped(said(whole, "promptFeedback"))
    if not candidates and not feedback and said(whole, "usageMetadata") is None:
        raise Unreadable("it holds no candidates")
    model = text_of(said(whole, "modelVersion"))
    usage = read_usage(said(whole, "usageMetadata"))
    if usage is not None:
        usage.web_searches = sum(searches(said(one, "groundingMetadata"), model) for one in candidates)
    extra: Object = {"chat": found} if (found := for_chat(candidates)) else {}
    return Answer(
        id=text_of(said(whole, "responseId")),
        model=model,
        created=created(whole),
        choices=[_choice(one, at, want) for at, one in enumerate(candidates)] or [blocked(feedback)],
        usage=usage,
        service_tier=service_tier(said(whole, "usageMetadata")),
        extra=extra,
    )


def created(whole: Object) -> int:
    """Say when an answer was made."""
    try:
        return int(datetime.fromisoformat(text_of(said(whole, "createTime"))).timestamp())
    except ValueError:
        return int(time.time())


def _choice(candidate: Object, at: int, want: Wanted) -> Choice:
    parts = listed(mapped(candidate.get("content")).get("parts"))
    blocks = _joined([block for part in parts for block in read_part(mapped(part), want)])
    _cite(blocks, said(candidate, "groundingMetadata"))
    raw, extra = said(candidate, "finishReason"), rest(candidate)
    index = candidate.get("index")
    return Choice(
        index=index if isinstance(index, int) else at,
        blocks=blocks,
        finish=finish_of(raw, called=any(isinstance(block, ToolCall) for block in blocks)),
        finish_raw=raw if isinstance(raw, str) else None,
        logprobs=read_logprobs(said(candidate, "logprobsResult")),
        extra={DIALECT: extra} if extra else {},
    )


def rest(candidate: Object) -> Object:
    """Return what of a candidate has no place in the neutral form."""
    return values.rest(candidate, _READ)


def blocked(feedback: Object) -> Choice:
    """Return the answer to a prompt that was blocked."""
    raw, told = text_of(said(feedback, "blockReason")), text_of(said(feedback, "blockReasonMessage"))
    blocks: list[Block] = [Refusal(told)] if told else []
    finish: Finish = "content_filter" if raw else "stop"
    return Choice(blocks=blocks, finish=finish, finish_raw=raw or None)


def finish_of(raw: Any, *, called: bool) -> Finish:
    """Say why the model stopped; Gemini says `STOP` also when it calls a tool."""
    finish = FINISH.get(raw, "stop") if isinstance(raw, str) else "stop"
    return "tool_calls" if called and finish == "stop" else finish


def _joined(blocks: list[Block]) -> list[Block]:
    """Put neighbouring pieces of one text, or of one thought, together."""
    out: list[Block] = []
    for block in blocks:
        last = out[-1] if out else None
        if isinstance(block, Text) and isinstance(last, Text):
            last.text += block.text
        elif isinstance(block, Reasoning) and isinstance(last, Reasoning) and last.signature is None:
            last.text, last.signature = last.text + block.text, block.signature
        else:
            out.append(block)
    return out


def _cite(blocks: list[Block], grounding: Any) -> None:
    texts = [block for block in blocks if isinstance(block, Text)]
    if texts and grounding is not None:
        texts[-1].citations = citations(grounding, in_characters("".join(text.text for text in texts)))


def for_chat(candidates: list[Object]) -> Object:
    """Return what clients of chat completions find beside an answer."""
    found: Object = {}
    for name, theirs in _FOR_CHAT.items():
        held = [value for one in candidates if (value := said(one, name)) is not None]
        if held:
            found[theirs] = held
    return found
