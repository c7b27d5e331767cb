"""An assistant's message in chat completions: to and from blocks.

The same shape stands in a request's earlier turns and in an answer. Reasoning keeps its
signatures in `thinking_blocks`; blocks of server-side tools, which are no calls for the client,
travel in `provider_specific_fields.blocks` with the place they stood at in the text.
"""

from __future__ import annotations

from typing import Any

from tianji.wire import values
from tianji.wire.call_ids import part
from tianji.wire.chat import parts
from tianji.wire.neutral import Audio, Block, Image, Opaque, Reasoning, Refusal, Source, Text, ToolCall
from tianji.wire.values import Object, optional, required, string

KNOWN = frozenset(
    (
        "role",
        "content",
        "name",
        "refusal",
        "tool_calls",
        "function_call",
        "audio",
        "images",
        "annotations",
        "reasoning",
        "reasoning_content",
        "thinking_blocks",
        "provider_specific_fields",
        "cache_control",
        "parsed",  # what OpenAI's SDK made of the content; it comes back with the message
    )
)


def read_assistant(message: Object, at: str) -> list[Block]:
    """Read what an assistant's message holds, thoughts first and calls last."""
    blocks = _thoughts(message, at)
    content = message.get("content")
    calls = _calls(message, at)
    if not (content == "" and (calls or blocks)):
        blocks += parts.read_content(content, f"{at}.content")
    _annotate(blocks, message.get("annotations"))
    refusal = optional(string, message, "refusal", at)
    if refusal:
        blocks.append(Refusal(refusal))
    blocks += [
        parts.read_part(image, f"{at}.images[{number}]")
        for number, image in enumerate(optional(values.array, message, "images", at) or [])
    ]
    audio = optional(values.mapping, message, "audio", at)
    if audio is not None:
        blocks.append(_audio(audio, f"{at}.audio"))
    return _with_opaque(blocks + calls, message.get("provider_specific_fields"))


def _thoughts(message: Object, at: str) -> list[Block]:
    thoughts = optional(values.array, message, "thinking_blocks", at)
    if thoughts:
        return [
            block
            for number, item in enumerate(thoughts)
            if isinstance(block := parts.read_part(item, f"{at}.thinking_blocks[{number}]"), Reasoning)
        ]
    for name in ("reasoning_content", "reasoning"):
        text = message.get(name)
        if isinstance(text, str) and text:
            return [Reasoning(text)]
    return []


def _calls(message: Object, at: str) -> list[Block]:
    found: list[Block] = []
    for number, item in enumerate(optional(values.array, message, "tool_calls", at) or []):
        place = f"{at}.tool_calls[{number}]"
        found.append(read_call(values.mapping(item, place), place))
    call = optional(values.mapping, message, "function_call", at)
    if call is not None:
        place = f"{at}.function_call"
        name = required(string, call, "name", place)
        found.append(
            ToolCall(f"call_{name}", name, arguments(call.get("arguments"), place), extra={"legacy": True})
        )
    return found


def read_call(call: Object, at: str) -> ToolCall:
    """Read one entry of `tool_calls`."""
    custom = call.get("type") == "custom"
    kind = "custom" if custom else "function"
    function = required(values.mapping, call, kind, at)
    identity, signature = part(optional(string, call, "id", at) or "")
    return ToolCall(
        identity,
        required(string, function, "name", f"{at}.{kind}"),
        arguments(function.get("input" if custom else "arguments"), f"{at}.{kind}"),
        custom=custom,
        signature=signature,
        cache=parts.read_cache(call, at),
        extra=values.rest(call, ("id", "type", "index", kind, "cache_control")),
    )


def arguments(value: object, at: str) -> str:
    """Read arguments: JSON text, or by some vendors the object itself."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, dict):
        return values.encode(value).decode()
    raise values.wrong(f"{at}.arguments", "a string of JSON", value)


def _audio(audio: Object, at: str) -> Audio:
    return Audio(
        Source(data=optional(string, audio, "data", at)),
        transcript=optional(string, audio, "transcript", at),
        id=optional(string, audio, "id", at),
        extra=values.rest(audio, ("id", "data", "transcript")),
    )


def _annotate(blocks: list[Block], annotations: object) -> None:
    if isinstance(annotations, list):
        for block in blocks:
            if isinstance(block, Text):
                block.citations = [item for item in annotations if isinstance(item, dict)]
                return


def _with_opaque(blocks: list[Block], fields: object) -> list[Block]:
    kept = fields.get("blocks") if isinstance(fields, dict) else None
    for item in kept if isinstance(kept, list) else ():
        match item:
            case {"after": int(after), "dialect": str(dialect), "value": dict(value)}:
                blocks = _inserted(blocks, after, Opaque(dialect, value))
            case _:
                pass
    return blocks


def _inserted(blocks: list[Block], after: int, opaque: Opaque) -> list[Block]:
    """Put a block back where it stood: after so many signs of text, which is cut there."""
    said = 0
    for at, block in enumerate(blocks):
        if not isinstance(block, Text):
            continue
        if after <= said:
            return [*blocks[:at], opaque, *blocks[at:]]
        cut, said = after - said, said + len(block.text)
        if after < said:
            first = Text(block.text[:cut], block.citations)
            second = Text(block.text[cut:], cache=block.cache, extra=block.extra)
            return [*blocks[:at], first, opaque, second, *blocks[at + 1 :]]
    calls = next((at for at, block in enumerate(blocks) if isinstance(block, ToolCall)), len(blocks))
    return [*blocks[:calls], opaque, *blocks[calls:]]


def write_assistant(blocks: list[Block], *, legacy: bool = False) -> Object:
    """Write an assistant's message without its role. `legacy`: a call stands in `function_call`."""
    texts = [block for block in blocks if isinstance(block, Text)]
    thoughts = [block for block in blocks if isinstance(block, Reasoning)]
    calls = [block for block in blocks if isinstance(block, ToolCall)]
    out: Object = {"content": _content(blocks, texts)}
    if thoughts:
        out["reasoning_content"] = "".join(thought.text for thought in thoughts)
        signed = [write_thought(thought) for thought in thoughts if thought.signature or thought.encrypted]
        if signed:
            out["thinking_blocks"] = signed
    for block in blocks:
        if isinstance(block, Refusal):
            out["refusal"] = out.get("refusal", "") + block.text
        elif isinstance(block, Audio):
            out["audio"] = _written_audio(block)
        elif isinstance(block, Image):
            out.setdefault("images", []).append(parts.write_part(block))
    if calls and (legacy or calls[0].extra.get("legacy")):
        out["function_call"] = {"name": calls[0].name, "arguments": calls[0].arguments}
    elif calls:
        out["tool_calls"] = [write_call(call) for call in calls]
    _write_citations(out, texts)
    opaque, said = [], 0
    for block in blocks:
        if isinstance(block, Text):
            said += len(block.text)
        elif isinstance(block, Opaque):
            opaque.append(write_opaque(block, said))
    if opaque:
        out.setdefault("provider_specific_fields", {})["blocks"] = opaque
    return out


def _content(blocks: list[Block], texts: list[Text]) -> str | list[Object] | None:
    if any(text.cache for text in texts):
        return [parts.write_part(text) for text in texts]
    if texts:
        return "".join(text.text for text in texts)
    return None if blocks else ""


def write_opaque(block: Opaque, after: int) -> Object:
    """Write one entry of `provider_specific_fields.blocks`."""
    return {"after": after, "dialect": block.dialect, "value": block.value}


def write_thought(thought: Reasoning) -> Object:
    """Write one entry of `thinking_blocks`."""
    if thought.encrypted is not None:
        return {"type": "redacted_thinking", "data": thought.encrypted}
    return {"type": "thinking", "thinking": thought.text, "signature": thought.signature}


def write_call(call: ToolCall) -> Object:
    """Write one entry of `tool_calls`."""
    kind, key = ("custom", "input") if call.custom else ("function", "arguments")
    extra = values.rest(call.extra, ("legacy",))
    return {"id": call.id, "type": kind, kind: {"name": call.name, key: call.arguments}, **extra}


def _written_audio(audio: Audio) -> Object:
    out: dict[str, Any] = {"id": audio.id or "", **audio.extra}
    if audio.source.data is not None:
        out["data"] = audio.source.data
    if audio.transcript is not None:
        out["transcript"] = audio.transcript
    return out


def _write_citations(out: Object, texts: list[Text]) -> None:
    annotations = [note for text in texts for cited in text.citations if (note := annotation(cited))]
    if annotations:
        out["annotations"] = annotations
    own = [[cited for cited in text.citations if not is_annotation(cited)] for text in texts]
    if any(own):
        out.setdefault("provider_specific_fields", {})["citations"] = [cited for cited in own if cited]


def is_annotation(citation: Object) -> bool:
    """Say whether a citation is in OpenAI's own words already."""
    return citation.get("type") in ("url_citation", "file_citation") or "url_citation" in citation


def annotation(citation: Object) -> Object | None:
    """Return a citation as OpenAI's annotation, or None where it cites no web page."""
    if is_annotation(citation):
        return citation
    if not isinstance(citation.get("url"), str):
        return None
    cited = {"url": citation["url"], "title": citation.get("title") or "", "start_index": 0, "end_index": 0}
    return {"type": "url_citation", "url_citation": cited}
