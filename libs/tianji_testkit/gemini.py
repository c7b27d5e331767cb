"""What tests of Gemini share: models, pieces of a conversation in OpenAI's words, and what Google gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tianji.wire.chat import ChatFront

OLD, NEW, PRO = "gemini-2.5-flash", "gemini-3-flash-preview", "gemini-2.5-pro"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
USER = {"role": "user", "content": "hi"}


def call(identity: str, name: str = "f", arguments: str = "{}") -> dict[str, Any]:
    """Return a call of a tool."""
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(identity: str, content: Any) -> dict[str, Any]:
    """Return what a call came to."""
    return {"role": "tool", "tool_call_id": identity, "content": content}


def sender(bound: Callable[..., Any], fields: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Return a function that sends a chat request to a model and gives the body that Google gets."""

    def send(model: str = NEW, deployment: Any = None, **body: Any) -> dict[str, Any]:
        upstream = bound("gemini", model, **(deployment or {}))
        found: dict[str, Any] = json.loads(upstream.request(ChatFront().read(fields(**body))).body)
        return found

    return send
