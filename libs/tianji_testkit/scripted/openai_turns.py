"""What OpenAI's chat completions, and those of its look-alikes, refuse in a conversation.

Written from https://platform.openai.com/docs/api-reference/chat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from tianji_testkit.scripted.contract import (
    Refused,
)
from tianji_testkit.scripted.script import Result, Seen

if TYPE_CHECKING:
    from tianji_testkit.scripted.openai_chat import OpenAIChat

NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")


def invalid(what: str, *, status: int = 400, code: str | None = None, param: str | None = None) -> Refused:
    """Refuse a request as invalid."""
    return Refused(what, status=status, type="invalid_request_error", code=code, param=param)


def read_messages(api: OpenAIChat, messages: Any, seen: Seen) -> None:
    """Check a conversation, and take from it what the script needs."""
    if not messages:
        raise invalid("[] is too short - 'messages'", param="messages", code="empty_array")
    open_calls: dict[str, Mapping[str, Any]] = {}
    known: dict[str, Mapping[str, Any]] = {}
    for at, message in enumerate(messages):
        place, role = f"messages[{at}]", message.get("role")
        if role not in api.message_fields:
            raise invalid(f"Invalid value: '{role}'.", param=f"{place}.role")
        for name in message:
            if name not in api.message_fields[role]:
                raise api.unknown_field(f"{place}.{name}", message[name])
        if role == "tool":
            identity = message.get("tool_call_id")
            if identity not in known:
                raise invalid(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message"
                    " with 'tool_calls'.",
                    param=f"{place}.role",
                )
            open_calls.pop(identity, None)
        elif open_calls:
            raise invalid(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
                f" 'tool_call_id'. The following tool_call_ids did not have response messages:"
                f" {', '.join(open_calls)}",
                param=f"{place}.role",
            )
        text, images = read_content(api, message, role, place)
        match role:
            case "assistant":
                known = open_calls = {}
                known = _read_calls(api, message, place)
                open_calls = dict(known)
                seen.results, seen.images, seen.said = [], [], ""
            case "tool":
                call = known[message["tool_call_id"]]["function"]
                seen.results.append(Result(call["name"], object_of(call["arguments"]), text))
            case "user":
                seen.said, seen.images, seen.results, known = text, images, [], {}
            case _:
                seen.system += text
    if open_calls:
        raise invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
            f" 'tool_call_id'. (unanswered: {', '.join(open_calls)})",
            param="messages",
        )


def read_content(api: OpenAIChat, message: Mapping[str, Any], role: str, place: str) -> tuple[str, list[str]]:
    """Return the text and the media types of the pictures of one message."""
    content = message.get("content")
    if isinstance(content, str):
        return content, []
    if content is None:
        if role == "assistant" and (message.get("tool_calls") or message.get("refusal")):
            return "", []
        raise invalid(
            f"Invalid value for 'content': expected a string, got null. ({place})", param=f"{place}.content"
        )
    if not content:
        raise invalid(f"Invalid '{place}.content': empty array.", code="empty_array")
    text, images = "", []
    for number, part in enumerate(content):
        kind = part.get("type")
        if kind not in api.parts[role]:
            raise invalid(f"Invalid value: '{kind}'.", param=f"{place}.content[{number}]")
        for name in part:
            if name not in ("type", kind):
                raise api.unknown_field(f"{place}.content[{number}].{name}", part[name])
        if kind == "text":
            text += part["text"]
        elif role == "tool":
            text += f"<{media_type(part['image_url']['url'])}>"
        elif kind == "image_url":
            images.append(media_type(part["image_url"]["url"]))
    return text, images


def object_of(arguments: str) -> dict[str, Any]:
    """Return a call's arguments; empty where the model wrote no object."""
    try:
        found = msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def media_type(url: str) -> str:
    """Return the media type of a data URL; `url` for any other address."""
    found = re.match(r"data:([\w/+.-]+);base64,", url)
    return found[1] if found else "url"


def _read_calls(api: OpenAIChat, message: Mapping[str, Any], place: str) -> dict[str, Mapping[str, Any]]:
    calls = message.get("tool_calls")
    if calls is not None and not calls:
        raise invalid(f"Invalid '{place}.tool_calls': empty array.", code="empty_array")
    found = {}
    for number, call in enumerate(calls or []):
        where = f"{place}.tool_calls[{number}]"
        api.check_call_id(call.get("id"), f"{where}.id")
        function = call.get("function") or {}
        if call.get("type") != "function" or not isinstance(function.get("arguments"), str):
            raise invalid(f"Missing required parameter: '{where}.function.arguments'.", param=where)
        if not NAME.match(function.get("name", "")):
            raise invalid(f"Invalid '{where}.function.name': string does not match pattern.", param=where)
        found[call["id"]] = call
    return found
