"""Output items of an answer and their content parts: written from blocks, for whole answers and streams."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from tianji.wire.call_ids import seal
from tianji.wire.chat.parts import write_url
from tianji.wire.free_text import unwrapped
from tianji.wire.neutral import Audio, Block, Choice, Image, Opaque, Reasoning, Refusal, Text, ToolCall
from tianji.wire.responses.forms import form_fields
from tianji.wire.responses.names import Meant, Names
from tianji.wire.responses.parts import DIALECT
from tianji.wire.responses.thoughts import write_encrypted
from tianji.wire.values import Object

_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "custom_tool_call": "ctc",
    "local_shell_call": "lsh",
    "shell_call": "sh",
    "apply_patch_call": "apc",
    "tool_search_call": "tsc",
    "web_search_call": "ws",
    "image_generation_call": "ig",
}


def item_id(kind: str) -> str:
    """Return a new id for an item of this type."""
    return f"{_PREFIXES[kind]}_{uuid.uuid4().hex}"


def written(choice: Choice, names: Names, *, last_status: str) -> list[Object]:
    """Write the items of a whole answer; the last one of one that was cut off is incomplete."""
    items: list[Object] = []
    for block in choice.blocks:
        if is_content(block):
            if not items or items[-1]["type"] != "message":
                items.append(message_item(item_id("message"), []))
            items[-1]["content"].append(content_part(block))
        elif (item := _lone_item(block, names)) is not None:
            items.append(item)
    _add_logprobs(items, choice.logprobs)
    if items and "status" in items[-1]:
        items[-1]["status"] = last_status
    return items


def _lone_item(block: Block, names: Names) -> Object | None:
    match block:
        case Reasoning():
            return reasoning_item(item_id("reasoning"), block)
        case ToolCall():
            seal(block)
            meant = names.meant(block.name)
            kind = call_type(block, meant)
            return call_item(item_id(kind), block, meant, block.arguments)
    return shown_item(block)


def is_content(block: Block) -> bool:
    """Say whether a block is a part of a message."""
    return isinstance(block, (Text, Refusal)) or (isinstance(block, Audio) and is_spoken(block))


def is_spoken(sound: Audio) -> bool:
    """Say whether a sound has words that can be shown, or may come to have some."""
    return sound.transcript is not None or sound.source.data is None


def message_item(identity: str, content: list[Object], status: str = "completed") -> Object:
    """Write a message."""
    return {"id": identity, "type": "message", "status": status, "role": "assistant", "content": content}


def content_part(block: Block) -> Object:
    """Write a part of a message."""
    match block:
        case Refusal(text=text):
            return {"type": "refusal", "refusal": text}
        case Text(text=text, citations=citations):
            return text_part(text, citations)
        case Audio(transcript=text):
            return text_part(text or "")
    raise TypeError(f"a block '{type(block).__name__}' is no part of a message")


def text_part(text: str, citations: Iterable[Object] = (), logprobs: list[Any] | None = None) -> Object:
    """Write a text with what it cites."""
    notes = [note for cited in citations if (note := annotation(cited, text)) is not None]
    return {"type": "output_text", "text": text, "annotations": notes, "logprobs": logprobs or []}


def annotation(citation: Object, text: str) -> Object | None:
    """Write a citation; None where it cites neither a page nor a file of OpenAI's."""
    inner = citation.get("url_citation")
    cited = inner if isinstance(inner, dict) else citation
    if isinstance(cited.get("url"), str):
        start, end = cited.get("start_index"), cited.get("end_index")
        return {
            "type": "url_citation",
            "url": cited["url"],
            "title": cited.get("title") or "",
            "start_index": start if isinstance(start, int) else 0,
            "end_index": end if isinstance(end, int) else len(text),
        }
    return (
        citation
        if citation.get("type") in ("file_citation", "container_file_citation", "file_path")
        else None
    )


def reasoning_item(identity: str, thought: Reasoning) -> Object:
    """Write a thought, with all that its provider must get back."""
    summary = [{"type": "summary_text", "text": thought.text}] if thought.text else []
    return {
        "id": identity,
        "type": "reasoning",
        "summary": summary,
        "encrypted_content": write_encrypted(thought),
    }


def call_type(call: ToolCall, meant: Meant) -> str:
    """Return the type of the item that a call becomes."""
    if meant.kind == "custom" or call.custom:
        return "custom_tool_call"
    return "function_call" if meant.kind == "function" else f"{meant.kind}_call"


def call_item(
    identity: str, call: ToolCall, meant: Meant, arguments: str, status: str = "completed"
) -> Object:
    """Write a call as what its tool was declared as; `arguments` as the model wrote them so far."""
    kind = call_type(call, meant)
    item: Object = {"id": identity, "type": kind, "status": status, "call_id": call.id}
    if kind not in ("function_call", "custom_tool_call"):
        return item | form_fields(meant.kind, arguments)
    item["name"] = meant.name
    if meant.namespace is not None:
        item["namespace"] = meant.namespace
    if kind == "function_call":
        item["arguments"] = arguments
    elif call.custom:
        item["input"] = arguments
    else:
        item["input"] = unwrapped(arguments) if arguments else ""
    return item


def shown_item(block: Block) -> Object | None:
    """Write a picture, or what a provider's own tool did; None for what this format cannot show."""
    match block:
        case Image(source=source):
            if source.data is None:
                text = text_part(f"![image]({write_url(source)})")
                return message_item(item_id("message"), [text])
            identity = item_id("image_generation_call")
            return {
                "id": identity,
                "type": "image_generation_call",
                "status": "completed",
                "result": source.data,
            }
        case Opaque(dialect=dialect, value=value) if dialect == DIALECT:
            return value
        case Opaque(value={"type": "server_tool_use", "name": "web_search"} as value):
            asked = value.get("input")
            query = asked.get("query") if isinstance(asked, dict) else None
            action = {"type": "search", "query": query if isinstance(query, str) else ""}
            return {
                "id": item_id("web_search_call"),
                "type": "web_search_call",
                "status": "completed",
                "action": action,
            }
    return None


def logprobs_of(said: Object | None) -> list[Any]:
    """Return the log probabilities of a text's tokens, of what chat completions say of them."""
    found = said.get("content") if said else None
    return found if isinstance(found, list) else []


def _add_logprobs(items: list[Object], said: Object | None) -> None:
    for part in _texts(items):
        part["logprobs"] = logprobs_of(said)
        return


def _texts(items: list[Object]) -> Iterator[Object]:
    for item in items:
        if item["type"] == "message":
            yield from (part for part in item["content"] if part["type"] == "output_text")
