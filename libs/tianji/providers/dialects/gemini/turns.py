"""Turns: to Gemini's `systemInstruction` and `contents`.

Gemini wants turns of user and model in alternation that begin with the user, no empty parts, as many
results as there were calls, right behind them, and from its third generation on each first call of
a step signed.
"""

from __future__ import annotations

from msgspec import Struct, field

from tianji.errors import BadRequest
from tianji.providers.dialects.gemini.foreign import sign
from tianji.providers.dialects.gemini.media import write_media
from tianji.providers.dialects.gemini.model import Model
from tianji.providers.dialects.gemini.results import answered, write_result
from tianji.wire.generate_content.spelling import DIALECT
from tianji.wire.messages.blocks import read_arguments
from tianji.wire.neutral import (
    Ask,
    Audio,
    Block,
    Document,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Turn,
    Video,
)
from tianji.wire.signers import GEMINI, unmarked
from tianji.wire.values import Object

_PLACEHOLDER = "."
"""What a user is made to say where Gemini wants a turn and the client has none."""


class Content(Struct):
    """One entry of `contents` while it is put together."""

    role: str
    parts: list[Object] = field(default_factory=list)


def write_turns(ask: Ask, model: Model) -> tuple[list[Object], list[Object]]:
    """Return the parts of `systemInstruction`, and `contents`."""
    system: list[Object] = []
    contents: list[Content] = []
    called = {
        block.id: block.name for turn in ask.turns for block in turn.blocks if isinstance(block, ToolCall)
    }
    for at, turn in enumerate(ask.turns):
        try:
            parts = _parts(turn, called, model)
        except BadRequest as error:
            raise BadRequest(f"messages[{at}]: {error.message}", param=f"messages[{at}]") from None
        if turn.role in ("system", "developer"):
            system += [part for part in parts if "text" in part]
            parts = [part for part in parts if "text" not in part]  # instructions are text alone
        role = "model" if turn.role == "assistant" else "user"
        if contents and contents[-1].role == role:
            contents[-1].parts += parts
        elif parts:
            contents.append(Content(role, parts))
    if not contents:
        # A request of nothing but instructions: Gemini wants somebody to have said something.
        contents.append(Content("user", system or [{"text": _PLACEHOLDER}]))
        system = []
    if contents[0].role == "model":
        contents.insert(0, Content("user", [{"text": _PLACEHOLDER}]))
    written = [{"role": content.role, "parts": content.parts} for content in _answered(contents)]
    if model.signs_calls:
        sign(written)
    return system, written


def _answered(contents: list[Content]) -> list[Content]:
    """Give each call its result, and take out results that nobody called for."""
    out: list[Content] = []
    for content in contents:
        if content.role == "user":
            before = out[-1].parts if out and out[-1].role == "model" else []
            content.parts = answered(before, content.parts)
        if content.parts:
            out.append(content)
    if out[-1].role == "model" and (missing := answered(out[-1].parts, [])):
        out.append(Content("user", missing))
    return out


def _parts(turn: Turn, called: dict[str, str], model: Model) -> list[Object]:
    if turn.role == "assistant":
        return [part for block in turn.blocks if (part := _said(block, model)) is not None]
    parts: list[Object] = []
    for block in turn.blocks:
        if isinstance(block, ToolResult):
            parts += write_result(block, called.get(block.call_id) or block.name or block.call_id, model)
        elif (part := _part(block, model)) is not None:
            parts.append(part)
    return parts


def _said(block: Block, model: Model) -> Object | None:
    """Write what the model said; what another provider's tools did there is left out."""
    match block:
        case ToolCall():
            return _call(block)
        case Reasoning():
            return _thought(block)
        case Opaque(dialect=dialect) if dialect != DIALECT:
            return None
    return _part(block, model)


def _part(block: Block, model: Model) -> Object | None:
    match block:
        case Text(text=text) | Refusal(text=text):
            return {"text": text, **_signed(block)} if text else None
        case Image() | Audio() | Video() | Document():
            return _media(block, model)
        case Opaque(dialect=dialect, value=value) if dialect == DIALECT:
            return dict(value)
        case Opaque(value=value):
            raise BadRequest(f"content of the type '{value.get('type', 'content')}' is not known to Gemini")
    return None


def _media(block: Image | Audio | Video | Document, model: Model) -> Object | None:
    if isinstance(block, Audio) and block.source.data is None and not block.source.url:
        return {"text": block.transcript} if block.transcript else None
    return write_media(block, model)


def _signed(block: Text | Refusal) -> Object:
    kept = block.extra.get(DIALECT)
    signature = kept.get("thoughtSignature") if isinstance(kept, dict) else None
    return {"thoughtSignature": signature} if isinstance(signature, str) else {}


def _thought(block: Reasoning) -> Object | None:
    """Write a thought; only what Gemini itself signed goes back to it."""
    signature = unmarked(GEMINI, block.signature)
    if signature is None:
        return None
    if not block.text:
        return {"text": "", "thoughtSignature": signature}
    return {"text": block.text, "thought": True, "thoughtSignature": signature}


def _call(call: ToolCall) -> Object:
    args = {"input": call.arguments} if call.custom else read_arguments(call.arguments)
    named: Object = {"id": call.id} if call.id else {}
    part: Object = {"functionCall": {**named, "name": call.name, "args": args}}
    if call.signature:
        part["thoughtSignature"] = call.signature
    return part
