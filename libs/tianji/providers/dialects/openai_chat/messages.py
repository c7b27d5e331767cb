"""Changes to messages that vendors ask for; messages are only decoded if there is something to change.

A request that passes unparsed holds its messages as bytes. Inside a JSON string a quote is escaped,
so that a name in bare quotes is a key or a whole value.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from msgspec import Raw

from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat.upstream import Quirk
from tianji.wire import values
from tianji.wire.quoted import Quoted
from tianji.wire.values import Object

Change = Callable[[list[Any]], list[str]]
"""Changes messages in place; returns what it changed, nothing where it changed nothing."""


def changing(change: Change, *names: str) -> Quirk:
    """Return a quirk that changes messages which hold one of these names; all, if none is given."""
    notable = Quoted(*names)

    def quirk(body: MutableMapping[str, Any], params: Params) -> list[str]:
        messages = body.get("messages")
        if isinstance(messages, Raw):
            raw = bytes(messages)
            if names and not notable.among(raw):
                return []
            messages = values.decode(messages, "messages")
        changed = change(messages) if isinstance(messages, list) else []
        if changed:
            body["messages"] = messages
        return changed

    return quirk


def objects(messages: list[Any]) -> list[Object]:
    """Return the messages that are objects: the vendor is to refuse the others."""
    return [message for message in messages if isinstance(message, dict)]


def _as_system(messages: list[Any]) -> list[str]:
    found = [message for message in objects(messages) if message.get("role") == "developer"]
    for message in found:
        message["role"] = "system"
    return ["developer as system"] if found else []


system_for_developer = changing(_as_system, "developer")
"""For vendors that know no role `developer`."""


def _as_text(messages: list[Any]) -> list[str]:
    changed = False
    for message in objects(messages):
        content = message.get("content")
        if isinstance(content, list) and all(_is_text(part) for part in content):
            message["content"] = "\n".join(part["text"] for part in content)
            changed = True
    return ["content as text"] if changed else []


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


text_for_parts = changing(_as_text, "text")
"""For vendors that take `content` as one string; content that is more than text stays as it is."""


def thoughts_as(name: str) -> Quirk:
    """Return a quirk that sends earlier thoughts back under the vendor's own name for them."""

    def rename(messages: list[Any]) -> list[str]:
        found = [message for message in objects(messages) if "reasoning_content" in message]
        for message in found:
            message.setdefault(name, message.pop("reasoning_content"))
        return [f"reasoning_content as {name}"] if found else []

    return changing(rename, "reasoning_content")


def _thought_of(messages: list[Any]) -> list[str]:
    found = [
        message
        for message in objects(messages)
        if message.get("tool_calls") and not message.get("reasoning_content")
    ]
    for message in found:
        message["reasoning_content"] = " "
    return ["empty reasoning_content"] if found else []


thoughts_before_calls = changing(_thought_of, "tool_calls")
"""For vendors whose thinking models refuse their own calls without thoughts before them, be they empty."""


def _alternating(messages: list[Any]) -> list[str]:
    """Join neighbours of one role, and let a user's turn begin and end the conversation."""
    joined: list[Any] = []
    for message in objects(messages):
        last = joined[-1] if joined else None
        if last is not None and last.get("role") == message.get("role") != "tool" and _joins(last, message):
            last["content"] = join_contents(last.get("content"), message.get("content"))
        else:
            joined.append(message)
    first = next((at for at, one in enumerate(joined) if one.get("role") != "system"), len(joined))
    if first == len(joined) or joined[first].get("role") == "assistant":
        joined.insert(first, {"role": "user", "content": "Hello."})
    if joined[-1].get("role") == "assistant":
        joined.append({"role": "user", "content": "Go on."})
    if joined == messages:
        return []
    messages[:] = joined
    return ["roles alternate"]


def _joins(one: Object, other: Object) -> bool:
    return not one.get("tool_calls") and not other.get("tool_calls")


def join_contents(one: Any, other: Any) -> Any:
    """Return the content of two messages as that of one."""
    if isinstance(one, str) and isinstance(other, str):
        return f"{one}\n\n{other}"
    return [*_listed(one), *_listed(other)]


def _listed(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content if isinstance(content, list) else []


alternating_roles = changing(_alternating)
"""For vendors that refuse two turns of one role in a row."""
