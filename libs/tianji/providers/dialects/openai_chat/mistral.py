"""Where Mistral's chat completions differ from OpenAI's: ids, roles, thoughts, files, fields of messages."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from tianji.providers.dialects.openai_chat.messages import changing, join_contents, objects
from tianji.wire.values import Object

_ID = re.compile(r"[a-zA-Z0-9]{9}\Z")
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KNOWN = frozenset(("role", "content", "tool_calls", "tool_call_id", "prefix"))
_READ = "Understood."


def _suited(messages: list[Any]) -> list[str]:
    told = objects(messages)
    for message in told:
        _identify(message)
        _tell_refusal(message)
        _tell_thoughts(message)
        content = message.get("content")
        if isinstance(content, list):
            message["content"] = [_part(part) for part in content]
        known = _KNOWN | {"name"} if message.get("role") == "tool" else _KNOWN
        for name in message.keys() - known:
            del message[name]
    messages[:] = _ordered(told)
    return ["messages as Mistral takes them"]


suit_messages = changing(_suited)
"""Legal ids, roles in an order that is served, and no fields that are refused."""


def legal_id(identity: str) -> str:
    """Return an id of nine letters and digits; another id always becomes the same one."""
    if _ID.match(identity):
        return identity
    number = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8])
    found = ""
    for _ in range(9):
        number, at = divmod(number, len(_LETTERS))
        found += _LETTERS[at]
    return found


def _identify(message: Object) -> None:
    if isinstance(message.get("tool_call_id"), str):
        message["tool_call_id"] = legal_id(message["tool_call_id"])
    for call in objects(message.get("tool_calls") or []):
        if isinstance(call.get("id"), str):
            call["id"] = legal_id(call["id"])


def _tell_refusal(message: Object) -> None:
    """Write how the model declined earlier as what it said."""
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal and not message.get("content"):
        message["content"] = refusal


def _tell_thoughts(message: Object) -> None:
    """Write thoughts as a part of the content, where they stand in Mistral's own answers."""
    thought = message.get("reasoning_content") or message.get("reasoning")
    content = message.get("content")
    if message.get("role") != "assistant" or not isinstance(thought, str) or not thought:
        return
    if content is None or isinstance(content, str):
        said = [{"type": "text", "text": content}] if content else []
        thinking = {"type": "thinking", "thinking": [{"type": "text", "text": thought}]}
        message["content"] = [thinking, *said]


def _part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    file, sound = part.get("file"), part.get("input_audio")
    if part.get("type") == "file" and isinstance(file, dict):
        if isinstance(file.get("file_data"), str):
            named = {"document_name": file["filename"]} if file.get("filename") else {}
            return {"type": "document_url", "document_url": file["file_data"], **named}
        identity = file.get("file_id")
        if isinstance(identity, str) and identity.startswith(("http://", "https://")):
            return {"type": "document_url", "document_url": identity}
        return {"type": "file", "file_id": identity}
    if part.get("type") == "input_audio" and isinstance(sound, dict):
        return {"type": "input_audio", "input_audio": sound.get("data")}
    return {name: value for name, value in part.items() if name != "cache_control"}


def _ordered(messages: list[Object]) -> list[Object]:
    """Put an answer behind a tool's last result, join answers, begin a last one, end with the user."""
    out: list[Object] = []
    for message in messages:
        role, before = message.get("role"), out[-1].get("role") if out else None
        if before == "tool" and role not in ("tool", "assistant"):
            out.append({"role": "assistant", "content": _READ})
        if before is None and role == "assistant":
            out.append({"role": "user", "content": "Hello."})
        if before == role == "assistant" and not out[-1].get("tool_calls"):
            said = join_contents(out.pop().get("content"), message.get("content"))
            message = {**message, "content": said}
        if (
            message.get("role") == "assistant"
            and not message.get("content")
            and not message.get("tool_calls")
        ):
            continue
        out.append(message)
    if out and out[-1].get("role") == "assistant" and not out[-1].get("tool_calls"):
        out[-1]["prefix"] = True
    return _ended_by_user(out)


def _ended_by_user(messages: list[Object]) -> list[Object]:
    """Put instructions that come last before what the user says: nothing is served that ends with them."""
    end = len(messages)
    while end and messages[end - 1].get("role") == "system":
        end -= 1
    if end == len(messages):
        return messages
    if end and messages[end - 1].get("role") == "user":
        return [*messages[: end - 1], *messages[end:], messages[end - 1]]
    return [*messages[:-1], {**messages[-1], "role": "user"}]
