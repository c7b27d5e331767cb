"""Cohere's v2 answers: the plan, thoughts, texts, citations and calls of a message, and its usage."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from tianji.errors import UpstreamError
from tianji.providers.dialects.events import object_of, objects_of
from tianji.wire import values
from tianji.wire.chat.message import arguments
from tianji.wire.neutral import Answer, Block, Choice, Finish, Reasoning, Text, ToolCall, Usage
from tianji.wire.usage import count
from tianji.wire.values import Object

FINISH: dict[str, Finish] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "USER_CANCEL": "stop",
    "MAX_TOKENS": "length",
    "ERROR_LIMIT": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}
BROKEN = {"ERROR": 502, "TIMEOUT": 504}
"""Ends that are none: the answer failed; with the status that says it best."""


def read(body: bytes, provider: str, model: str) -> Answer:
    """Read a whole answer. Raises UpstreamError for one that failed on the way."""
    whole = values.mapping(msgspec.json.decode(body), "body")
    message = values.mapping(whole.get("message"), "message")
    raw = whole.get("finish_reason")
    blocks = _blocks(message)
    if isinstance(raw, str) and raw in BROKEN:
        raise UpstreamError(
            f"{provider} broke off its answer: {whole.get('error') or raw}",
            provider=provider,
            status=BROKEN[raw],
            retryable=True,
        )
    choice = Choice(
        blocks=blocks,
        finish=finish_of(raw, called=any(isinstance(block, ToolCall) for block in blocks)),
        finish_raw=raw if isinstance(raw, str) else None,
        logprobs=read_logprobs(whole.get("logprobs")),
    )
    return Answer(
        id=str(whole.get("id") or ""),
        model=model,
        created=int(time.time()),
        choices=[choice],
        usage=read_usage(whole.get("usage")),
    )


def finish_of(raw: Any, *, called: bool) -> Finish:
    """Say why the model stopped."""
    finish = FINISH.get(raw, "stop") if isinstance(raw, str) else "stop"
    return "tool_calls" if called and finish == "stop" else finish


def _blocks(message: Object) -> list[Block]:
    blocks: list[Block] = []
    plan, content = message.get("tool_plan"), message.get("content")
    if isinstance(plan, str) and plan:
        blocks.append(Reasoning(plan))
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else objects_of(content)
    places: dict[int, Text] = {}
    for at, part in enumerate(parts):
        if part.get("type") == "thinking":
            blocks.append(Reasoning(str(part.get("thinking") or "")))
        elif isinstance(part.get("text"), str):
            places[at] = Text(part["text"])
            blocks.append(places[at])
    for cited in objects_of(message.get("citations")):
        index = cited.get("content_index")
        place = places.get(index) if isinstance(index, int) else None
        place = place or next(iter(places.values()), None)
        if place is not None and is_of_text(cited):
            place.citations += read_citation(cited)
    return blocks + [_call(call) for call in objects_of(message.get("tool_calls"))]


def _call(call: Object) -> ToolCall:
    function = object_of(call.get("function"))
    text = arguments(function.get("arguments"), "tool_calls")
    return ToolCall(str(call.get("id") or ""), str(function.get("name") or ""), text or "{}")


def is_of_text(citation: Object) -> bool:
    """Say whether a citation backs the answer; others back the plan or the thoughts."""
    return citation.get("type", "TEXT_CONTENT") == "TEXT_CONTENT"


def read_citation(citation: Object) -> list[Object]:
    """Read a citation as OpenAI's annotations, one for each source, which is kept beside it."""
    start, end = count(citation.get("start")), count(citation.get("end"))
    found = []
    for source in objects_of(citation.get("sources")):
        about = object_of(source.get("document") or source.get("tool_output"))
        url = about.get("url") or f"source:{source.get('id') or 'unknown'}"
        cited: Object = {"start_index": start, "end_index": end, "url": str(url)}
        cited["title"] = str(about.get("title") or "")
        note = {"type": "url_citation", "url_citation": cited, "text": citation.get("text"), "source": source}
        found.append(note)
    return found


def read_usage(usage: Any) -> Usage | None:
    """Read the tokens; what was billed stands in where Cohere counts nothing else."""
    said = object_of(usage)
    tokens, billed = object_of(said.get("tokens")), object_of(said.get("billed_units"))
    counted = tokens or billed
    if not counted:
        return None
    return Usage(
        input_tokens=count(counted.get("input_tokens")),
        output_tokens=count(counted.get("output_tokens")),
        cache_read_tokens=count(said.get("cached_tokens")),
        reasoning_tokens=count(tokens.get("reasoning_tokens")),
        extra={"billed_units": billed} if billed else {},
    )


def read_logprobs(items: Any) -> Object | None:
    """Read log probabilities; of a run of tokens Cohere tells the text of the whole."""
    found = []
    for item in objects_of(items):
        told = item.get("logprobs")
        numbers = [n for n in told if isinstance(n, (int, float))] if isinstance(told, list) else []
        text = str(item.get("text") or "")
        found.append(
            {"token": text, "logprob": sum(numbers), "bytes": list(text.encode()), "top_logprobs": []}
        )
    return {"content": found} if found else None
