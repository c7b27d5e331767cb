"""The body of a response: to an `Answer`."""

from __future__ import annotations

from typing import Any

import msgspec

from tianji.errors import BadRequest
from tianji.wire import values
from tianji.wire.neutral import (
    Answer,
    Block,
    Choice,
    Finish,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
)
from tianji.wire.responses.parts import DIALECT
from tianji.wire.responses.usage import read_usage
from tianji.wire.signers import OPENAI, marked
from tianji.wire.usage import count
from tianji.wire.values import Object

_REASONS: dict[Any, Finish] = {"max_output_tokens": "length", "content_filter": "content_filter"}


class Unreadable(Exception):
    """A provider's answer does not have the form it should have."""


class FailedInside(Exception):
    """A provider answered with status 200 and said in the body that it failed."""

    def __init__(self, error: Object) -> None:
        super().__init__(str(error.get("message") or "the response failed"))
        self.code = text_of(error.get("code")) or None


def read(body: bytes) -> Answer:
    """Read a whole answer. Raises Unreadable, or FailedInside."""
    try:
        whole = values.mapping(msgspec.json.decode(body), "body")
        items = values.array(whole.get("output"), "output")
        blocks = [block for item in items for block in read_item(values.mapping(item, "output"))]
    except BadRequest as error:
        raise Unreadable(error.message) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON ({error})") from None
    if whole.get("status") == "failed":
        raise FailedInside(object_of(whole.get("error")))
    finish, raw = finish_of(whole, called=any(isinstance(block, ToolCall) for block in blocks))
    logprobs = _logprobs(items)
    return Answer(
        id=text_of(whole.get("id")),
        model=text_of(whole.get("model")),
        created=count(whole.get("created_at")),
        choices=[Choice(blocks=blocks, finish=finish, finish_raw=raw, logprobs=logprobs)],
        usage=usage_of(whole),
        service_tier=text_of(whole.get("service_tier")) or None,
    )


def text_of(value: Any) -> str:
    """Return a string, or none of what is not."""
    return value if isinstance(value, str) else ""


def object_of(value: Any) -> Object:
    """Return an object, or an empty one for what is not."""
    return value if isinstance(value, dict) else {}


def objects_of(value: Any) -> list[Object]:
    """Return the objects of a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def finish_of(response: Object, *, called: bool) -> tuple[Finish, str | None]:
    """Say why the model stopped, in our word and the provider's."""
    reason = object_of(response.get("incomplete_details")).get("reason")
    if response.get("status") == "incomplete":
        return _REASONS.get(reason, "length"), text_of(reason) or None
    return "tool_calls" if called else "stop", text_of(response.get("status")) or None


def usage_of(response: Object) -> Any:
    """Read what the answer cost, the searches among its items included."""
    usage = read_usage(response.get("usage"))
    if usage is not None:
        usage.web_searches = sum(
            item.get("type") == "web_search_call" for item in objects_of(response.get("output"))
        )
    return usage


def read_item(item: Object) -> list[Block]:
    """Read an output item."""
    match item.get("type"):
        case "message":
            return [block for part in objects_of(item.get("content")) for block in read_part(part)]
        case "reasoning":
            thought = read_reasoning(item)
            return [thought] if thought.text or thought.signature else []
        case "function_call" | "custom_tool_call":
            return [read_call(item)]
        case "image_generation_call" if isinstance(item.get("result"), str):
            kind = f"image/{item.get('output_format') or 'png'}"
            return [Image(Source(data=item["result"], media_type=kind))]
    return [Opaque(DIALECT, item)]


def read_part(part: Object) -> list[Block]:
    """Read a part of a message."""
    match part.get("type"):
        case "output_text" | "text":
            notes = [citation_of(note) for note in objects_of(part.get("annotations"))]
            return [Text(text_of(part.get("text")), notes)]
        case "refusal":
            return [Refusal(text_of(part.get("refusal")))]
    return []


def citation_of(note: Object) -> Object:
    """Return an annotation in the words of chat completions, which nest what is cited."""
    if note.get("type") != "url_citation" or "url_citation" in note:
        return note
    return {"type": "url_citation", "url_citation": values.rest(note, ("type",))}


def read_reasoning(item: Object) -> Reasoning:
    """Read a thought: its summary, or itself where the provider shows it."""
    parts = objects_of(item.get("summary")) or objects_of(item.get("content"))
    thought = Reasoning("\n\n".join(text_of(part.get("text")) for part in parts))
    encrypted = text_of(item.get("encrypted_content"))
    if encrypted:
        thought.signature = marked(OPENAI, f"{text_of(item.get('id'))}:{encrypted}")
    return thought


def read_call(item: Object) -> ToolCall:
    """Read a call of a tool that the client runs."""
    custom = item.get("type") == "custom_tool_call"
    return ToolCall(
        text_of(item.get("call_id")) or text_of(item.get("id")),
        text_of(item.get("name")),
        text_of(item.get("input" if custom else "arguments")),
        custom=custom,
    )


def _logprobs(items: list[Any]) -> Object | None:
    found = [
        entry
        for item in objects_of(items)
        for part in objects_of(item.get("content"))
        for entry in objects_of(part.get("logprobs"))
    ]
    return {"content": found, "refusal": None} if found else None
