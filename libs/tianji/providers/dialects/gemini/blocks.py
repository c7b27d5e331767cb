"""One part of an answer: to blocks.

What Google runs itself (searches, code) is never a call for the client: such parts are `Opaque`,
and go back as they came.
"""

from __future__ import annotations

import uuid
from typing import Any

from msgspec import Struct

from tianji.providers.dialects.gemini.spelling import both, mapped, said, text_of
from tianji.providers.dialects.gemini.tools import custom_tools
from tianji.wire import values
from tianji.wire.generate_content.spelling import DIALECT
from tianji.wire.neutral import Ask, Audio, Block, Document, Image, Opaque, Reasoning, Source, Text, ToolCall
from tianji.wire.signers import GEMINI, marked
from tianji.wire.values import Object

_BESIDE = both(("thought", "thoughtSignature"))


class Wanted(Struct, frozen=True):
    """What of an answer depends on the request."""

    custom: frozenset[str] = frozenset()
    """Tools that take free text."""
    thoughts: bool = False
    """Whether the client follows the model's thoughts, and so also keeps the signatures of texts."""


def wanted(ask: Ask) -> Wanted:
    """Find out what a client expects in an answer."""
    return Wanted(custom_tools(ask), ask.thinking is not None and ask.thinking.enabled is not False)


def read_part(part: Object, want: Wanted) -> list[Block]:
    """Read one part of an answer; empty for one that says nothing."""
    signature = text_of(said(part, "thoughtSignature")) or None
    call, text = said(part, "functionCall"), part.get("text")
    if isinstance(call, dict):
        return [read_call(call, signature, want)]
    if isinstance(text, str):
        return _texts(text, signature, want, thought=part.get("thought") is True)
    data = said(part, "inlineData")
    if isinstance(data, dict) and not part.get("thought"):
        return [_file(data)]
    return [Opaque(DIALECT, part)] if part.keys() - _BESIDE else []


def _texts(text: str, signature: str | None, want: Wanted, *, thought: bool) -> list[Block]:
    own = None if signature is None else marked(GEMINI, signature)
    if thought:
        return [Reasoning(text, own)] if text or own else []
    blocks: list[Block] = [Text(text)] if text else []
    if own is not None and want.thoughts:
        # A text has no room for a signature in other formats: a thought without words carries it.
        blocks.append(Reasoning(signature=own))
    return blocks


def read_call(call: Object, signature: str | None, want: Wanted) -> ToolCall:
    """Read a call; where Google gives it no id, it gets one."""
    name, args = text_of(call.get("name")), said(call, "args")
    custom = name in want.custom
    if custom:
        written = text_of(mapped(args).get("input"))
    else:
        written = values.encode(args if args is not None else {}).decode()
    return ToolCall(call_id(call), name, written, custom=custom, signature=signature)


def call_id(call: Object) -> str:
    """Return a call's id, or make one."""
    return text_of(call.get("id")) or f"call_{uuid.uuid4().hex[:24]}"


def _file(data: Object) -> Block:
    kind = text_of(said(data, "mimeType"))
    source = Source(data=text_of(data.get("data")), media_type=kind or None)
    if kind.startswith("audio/"):
        return Audio(source, format=kind.partition("/")[2].partition(";")[0], transcript=None)
    return Image(source) if kind.startswith("image/") else Document(source)


def read_logprobs(result: Any) -> Object | None:
    """Read `logprobsResult`: to OpenAI's words."""
    told = mapped(result)
    chosen, top = said(told, "chosenCandidates"), said(told, "topCandidates")
    if not isinstance(chosen, list):
        return None
    others = [mapped(item).get("candidates") for item in top] if isinstance(top, list) else []
    content = [
        {
            **_token(mapped(token)),
            "top_logprobs": [_token(mapped(one)) for one in (others[at] if at < len(others) else None) or ()],
        }
        for at, token in enumerate(chosen)
    ]
    return {"content": content, "refusal": None}


def _token(token: Object) -> Object:
    text = text_of(token.get("token"))
    raw = list(text.encode(errors="replace"))
    return {"token": text, "logprob": said(token, "logProbability") or 0.0, "bytes": raw}
