"""Anthropic's SDK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anthropic

from tianji_testkit.clients.contract import (
    DESCRIPTION,
    SCHEMA,
    SHAPE,
    TOOL,
    Called,
    Client,
    Heard,
    Picture,
    Wishes,
    object_of,
)
from tianji_testkit.scripted.script import Tokens

_FINISH = {"tool_use": "calls", "end_turn": "stop"}
_WIRE = (
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
)
_DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "redacted_thinking": set(),
    "tool_use": {"input_json_delta"},
}


class MessagesClient(Client):
    """Anthropic's Messages."""

    errors = {  # noqa: RUF012
        "auth": anthropic.AuthenticationError,
        "forbidden": anthropic.PermissionDeniedError,
        "rate_limit": anthropic.RateLimitError,
        "context": anthropic.BadRequestError,
        "policy": anthropic.BadRequestError,
        "overloaded": anthropic.InternalServerError,
        "break": anthropic.APIError,
    }

    @staticmethod
    def connect(url: str, key: str) -> Any:
        """Return the SDK's client."""
        return anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0)

    def __init__(self, sdk: Any, model: str, wishes: Wishes) -> None:
        super().__init__(sdk, model, wishes)
        self.messages: list[Any] = []

    def say(self, *said: str | Picture) -> None:
        """Add a user's turn."""
        blocks = [_block(one) for one in said]
        plain = len(said) == 1 and isinstance(said[0], str)
        self.messages.append({"role": "user", "content": said[0] if plain else blocks})

    def answer(self, results: Sequence[tuple[Called, str | Picture]]) -> None:
        """Add results, all in one turn."""
        blocks = [
            {
                "type": "tool_result",
                "tool_use_id": call.id,
                "content": result if isinstance(result, str) else [_block(result)],
            }
            for call, result in results
        ]
        self.messages.append({"role": "user", "content": blocks})

    def reply(self, text: str) -> None:
        """Add an assistant's turn."""
        self.messages.append({"role": "assistant", "content": text})

    def recall(self, id: str, arguments: str) -> None:
        """Add an assistant's turn with a call."""
        call = {"type": "tool_use", "id": id, "name": TOOL, "input": object_of(arguments)}
        self.messages.append({"role": "assistant", "content": [call]})

    def instruct(self, text: str) -> None:
        """Say it within a user's turn: this format knows the system at the top only."""
        self.messages.append({"role": "user", "content": text})

    async def send(self) -> Heard:
        """Send it, whole or as a stream."""
        asked = self._asked()
        if self.wishes.stream:
            message = await self._streamed(asked)
        else:
            message = await self.sdk.messages.create(**asked)
        assert message.type == "message"
        assert message.role == "assistant"
        blocks = message.content
        heard = Heard(
            "".join(block.text for block in blocks if block.type == "text"),
            "".join(block.thinking for block in blocks if block.type == "thinking"),
            [Called(b.id, b.name, b.input) for b in blocks if b.type == "tool_use"],
            _FINISH.get(message.stop_reason, message.stop_reason),
            _tokens(message.usage),
        )
        self.messages.append(
            _rebuilt(heard) if self.wishes.rebuilt else {"role": "assistant", "content": blocks}
        )
        return heard

    def _asked(self) -> dict[str, Any]:
        wishes = self.wishes
        asked: dict[str, Any] = {"model": self.model, "messages": self.messages, "max_tokens": 8000}
        if wishes.system:
            asked["system"] = wishes.system
        if wishes.tools:
            asked["tools"] = [{"name": TOOL, "description": DESCRIPTION, "input_schema": SCHEMA}]
        if wishes.forced:
            asked["tool_choice"] = {"type": "tool", "name": TOOL}
        if wishes.shaped:
            asked["output_config"] = {"format": {"type": "json_schema", "schema": SHAPE}}
        if wishes.thinks:
            asked["thinking"] = {"type": "enabled", "budget_tokens": 2048}
        return asked

    async def _streamed(self, asked: dict[str, Any]) -> Any:
        async with self.sdk.messages.stream(**asked) as stream:
            events = [event async for event in stream]
            message = await stream.get_final_message()
        check([event for event in events if event.type in _WIRE])
        return message

    def message_of(self, error: Exception) -> str:
        """Return the error's message."""
        assert isinstance(error, anthropic.APIError)
        body = error.body
        assert isinstance(body, dict), f"no error body: {body!r}"
        assert body["type"] == "error"
        assert body["error"]["type"]
        return str(body["error"]["message"])


def check(events: Sequence[Any]) -> None:
    """Check the whole grammar of a stream."""
    kinds = [event.type for event in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("message_start") == kinds.count("message_stop") == 1
    assert events[0].message.stop_reason is None
    opened: str | None = None
    number = -1
    for event in events[1:-2]:
        match event.type:
            case "content_block_start":
                assert opened is None, "a block opens while another is open"
                number += 1
                assert event.index == number, "blocks are numbered from 0"
                opened = event.content_block.type
                if opened == "tool_use":
                    assert event.content_block.id
                    assert event.content_block.name
            case "content_block_delta":
                assert opened is not None, "a delta outside of a block"
                assert event.index == number
                assert event.delta.type in _DELTAS[opened], f"{event.delta.type} in a {opened} block"
            case "content_block_stop":
                assert opened is not None, "a block ends that is not open"
                assert event.index == number
                opened = None
            case other:
                raise AssertionError(f"{other} in the middle of a stream")
    assert opened is None, "the last block is not closed"
    assert events[-2].delta.stop_reason


def _block(one: str | Picture) -> dict[str, Any]:
    if isinstance(one, str):
        return {"type": "text", "text": one}
    return {"type": "image", "source": {"type": "base64", "media_type": one.media_type, "data": one.data}}


def _rebuilt(heard: Heard) -> dict[str, Any]:
    blocks: list[Any] = [{"type": "text", "text": heard.text}] if heard.text else []
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}
        for call in heard.calls
    ]
    return {"role": "assistant", "content": blocks}


def _tokens(usage: Any) -> Tokens:
    cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    return Tokens(usage.input_tokens + cached + written, usage.output_tokens, cached)
