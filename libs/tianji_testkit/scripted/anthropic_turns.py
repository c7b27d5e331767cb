"""What Anthropic's Messages API refuses in a conversation. Written from https://docs.anthropic.com/en/api/messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tianji_testkit.scripted.contract import Refused
from tianji_testkit.scripted.script import Result, Seen, seal

_BLOCKS = {
    "text": {"text", "citations", "cache_control"},
    "image": {"source", "cache_control"},
    "document": {"source", "title", "context", "citations", "cache_control"},
    "tool_use": {"id", "name", "input", "cache_control", "caller"},
    "tool_result": {"tool_use_id", "content", "is_error", "cache_control"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
}
_ID = re.compile(r"^[a-zA-Z0-9_-]+$")


def signature(thought: str) -> str:
    """Sign a thought as the provider does."""
    return "EqQB" + seal("anthropic", thought)


def invalid(what: str) -> Refused:
    """Refuse a request as invalid."""
    return Refused(what, type="invalid_request_error")


class Conversation:
    """Checks turns one after another."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.calls: dict[str, Mapping[str, Any]] = {}
        """Those of the turn before, which this turn must answer."""

    def read(self, messages: Any) -> None:
        """Check all of them, and take from them what the script needs."""
        if not messages:
            raise invalid("messages: at least one message is required")
        if messages[0].get("role") != "user":
            raise invalid('messages: first message must use the "user" role')
        before = None
        for at, message in enumerate(messages):
            if extra := message.keys() - {"role", "content"}:
                raise invalid(f"messages.{at}.{min(extra)}: Extra inputs are not permitted")
            role = message.get("role")
            if role == "system":
                if before != "user":
                    raise invalid(f"messages.{at}: a system turn must follow a user's")
                _blocks(message.get("content"), f"messages.{at}")
                continue
            if role not in ("user", "assistant"):
                raise invalid(f'messages: Unexpected role "{role}".')
            if role == before:
                # The API itself joins such turns; that a translator leaves it to it is refused here.
                raise invalid('messages: roles must alternate between "user" and "assistant"')
            before = role
            self._turn(at, role, _blocks(message.get("content"), f"messages.{at}"), at == len(messages) - 1)
        if self.calls:
            raise invalid(f"messages: `tool_use` ids without `tool_result` blocks: {', '.join(self.calls)}")
        if self.seen.thinks and before == "assistant":
            raise invalid("When `thinking` is enabled a conversation may not end with an assistant's turn")

    def _turn(self, at: int, role: str, blocks: list[Mapping[str, Any]], last: bool) -> None:
        if not blocks and not (role == "assistant" and last):
            raise invalid(
                f"messages.{at}: all messages must have non-empty content except for the optional final"
                " assistant message"
            )
        if role == "assistant":
            self.seen.results, self.seen.images, self.seen.said = [], [], ""
            self.calls = {}
            for number, block in enumerate(blocks):
                self._said(block, f"messages.{at}.content.{number}")
            return
        unanswered = dict(self.calls)
        self.seen.results, self.seen.images, self.seen.said = [], [], ""
        others = False
        for number, block in enumerate(blocks):
            place = f"messages.{at}.content.{number}"
            if block["type"] != "tool_result":
                others = True
                self._asked(block, place)
                continue
            call = self.calls.get(block["tool_use_id"])
            if call is None:
                raise invalid(
                    f"{place}: unexpected `tool_use_id` found in `tool_result` blocks:"
                    f" {block['tool_use_id']}. Each `tool_result` block must have a corresponding"
                    " `tool_use` block in the previous message."
                )
            if others:
                raise invalid(
                    f"messages.{at - 1}: `tool_use` ids were found without `tool_result` blocks"
                    " immediately after"
                )
            if unanswered.pop(block["tool_use_id"], None) is None:
                raise invalid(f"{place}: each tool_use must have a single result.")
            text = _result_text(block, place)
            self.seen.results.append(Result(call["name"], call["input"], text))
        if unanswered:
            raise invalid(
                f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after:"
                f" {', '.join(unanswered)}."
            )
        self.calls = {}

    def _said(self, block: Mapping[str, Any], place: str) -> None:
        match block["type"]:
            case "thinking":
                if block.get("signature") != signature(block.get("thinking", "")):
                    raise invalid(f"{place}: Invalid `signature` in `thinking` block")
                if not self.seen.thinks:
                    return
            case "tool_use":
                if not _ID.match(block.get("id", "")) or len(block["id"]) > 64:
                    raise invalid(f"{place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
                if block["id"] in self.calls:
                    raise invalid("messages: `tool_use` ids must be unique")
                if not isinstance(block.get("input"), dict):
                    raise invalid(f"{place}.tool_use.input: Input should be a valid dictionary")
                self.calls[block["id"]] = block
            case "text":
                if block["text"] != block["text"].rstrip() and place.endswith("final"):
                    raise invalid("final assistant content cannot end with trailing whitespace")
            case "redacted_thinking":
                pass
            case other:
                raise invalid(f"{place}: `{other}` blocks are not permitted in assistant's turns")

    def _asked(self, block: Mapping[str, Any], place: str) -> None:
        match block["type"]:
            case "text":
                self.seen.said += block["text"]
            case "image":
                self.seen.images.append(_picture(block, place))
            case "document":
                self.seen.images.append("document")
            case other:
                raise invalid(f"{place}: `{other}` blocks are not permitted in user's turns")


def _blocks(content: Any, place: str) -> list[Mapping[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    if not isinstance(content, list):
        raise invalid(f"{place}.content: Field required")
    for number, block in enumerate(content):
        known = _BLOCKS.get(block.get("type"))
        if known is None:
            raise invalid(f"{place}.content.{number}: Input tag '{block.get('type')}' does not match")
        if extra := block.keys() - known - {"type"}:
            raise invalid(f"{place}.content.{number}.{min(extra)}: Extra inputs are not permitted")
        if block["type"] == "text" and not block.get("text"):
            raise invalid("messages: text content blocks must be non-empty")
        if block["type"] == "text" and not block["text"].strip():
            raise invalid("messages: text content blocks must contain non-whitespace text")
    return content


def _result_text(block: Mapping[str, Any], place: str) -> str:
    content = block.get("content")
    if content is None or isinstance(content, str):
        return content or ""
    text = ""
    for number, part in enumerate(_blocks(content, place)):
        if part["type"] == "text":
            text += part["text"]
        elif part["type"] == "image":
            text += f"<{_picture(part, f'{place}.{number}')}>"
        else:
            raise invalid(f"{place}.content.{number}: Input tag '{part['type']}' is not allowed")
    return text


def _picture(block: Mapping[str, Any], place: str) -> str:
    source = block.get("source") or {}
    if source.get("type") == "url":
        return "url"
    if source.get("media_type") not in ("image/png", "image/jpeg", "image/gif", "image/webp"):
        raise invalid(f"{place}.source.base64.media_type: Input should be 'image/jpeg', 'image/png', ...")
    return str(source["media_type"])
