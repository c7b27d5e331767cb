"""OpenAI's SDK, responses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx2
import openai

from tianji_testkit.clients.contract import (
    DESCRIPTION,
    SCHEMA,
    SHAPE,
    TOOL,
    Called,
    Heard,
    Picture,
    Wishes,
)
from tianji_testkit.clients.openais import OpenAIClient
from tianji_testkit.clients.responses_grammar import check
from tianji_testkit.scripted.script import Tokens


class ResponsesClient(OpenAIClient):
    """Responses without state: the application keeps all items."""

    def __init__(self, sdk: Any, model: str, wishes: Wishes) -> None:
        super().__init__(sdk, model, wishes)
        self.input: list[Any] = []

    def say(self, *said: str | Picture) -> None:
        """Add a user's message."""
        plain = len(said) == 1 and isinstance(said[0], str)
        self.input.append({"role": "user", "content": said[0] if plain else [_part(one) for one in said]})

    def answer(self, results: Sequence[tuple[Called, str | Picture]]) -> None:
        """Add results, each an item."""
        for call, result in results:
            output = result if isinstance(result, str) else [_part(result)]
            self.input.append({"type": "function_call_output", "call_id": call.id, "output": output})

    def reply(self, text: str) -> None:
        """Add an assistant's message."""
        self.input.append({"role": "assistant", "content": text})

    def recall(self, id: str, arguments: str) -> None:
        """Add the item of a call."""
        self.input.append({"type": "function_call", "call_id": id, "name": TOOL, "arguments": arguments})

    def instruct(self, text: str) -> None:
        """Add a developer's message."""
        self.input.append({"role": "developer", "content": text})

    async def send(self) -> Heard:
        """Send it, whole or as a stream."""
        asked = self._asked()
        response = (
            await self._streamed(asked) if self.wishes.stream else await self.sdk.responses.create(**asked)
        )
        assert response.object == "response"
        calls = [item for item in response.output if item.type == "function_call"]
        assert response.status == "completed"
        assert all(item.id for item in response.output), "every item has an id"
        heard = Heard(
            response.output_text,
            "".join(_thought(item) for item in response.output if item.type == "reasoning"),
            [Called(call.call_id, call.name, json.loads(call.arguments)) for call in calls],
            "calls" if calls else "stop",
            _tokens(response.usage),
        )
        self.input += _rebuilt(heard) if self.wishes.rebuilt else response.output
        return heard

    def _asked(self) -> dict[str, Any]:
        wishes = self.wishes
        asked: dict[str, Any] = {
            "model": self.model,
            "input": self.input,
            "store": False,
            "max_output_tokens": 8000,
        }
        if wishes.system:
            asked["instructions"] = wishes.system
        if wishes.tools:
            asked["tools"] = [
                {
                    "type": "function",
                    "name": TOOL,
                    "description": DESCRIPTION,
                    "parameters": SCHEMA,
                    "strict": False,
                }
            ]
        if wishes.forced:
            asked["tool_choice"] = {"type": "function", "name": TOOL}
        if wishes.shaped:
            asked["text"] = {
                "format": {"type": "json_schema", "name": "place", "schema": SHAPE, "strict": True}
            }
        if wishes.thinks:
            asked["reasoning"] = {"effort": "medium", "summary": "auto"}
            asked["include"] = ["reasoning.encrypted_content"]
        return asked

    async def _streamed(self, asked: dict[str, Any]) -> Any:
        stream: Any = await self.sdk.responses.create(**asked, stream=True)
        events = [event async for event in stream]
        for event in events:
            if event.type == "error":
                # The SDK hands such events on like any other.
                raise openai.APIError(
                    event.message, httpx2.Request("POST", "/v1/responses"), body=event.to_dict()
                )
        check(events)
        return events[-1].response


def _part(one: str | Picture) -> dict[str, Any]:
    if isinstance(one, str):
        return {"type": "input_text", "text": one}
    return {"type": "input_image", "image_url": one.url, "detail": "auto"}


def _thought(item: Any) -> str:
    summary = "".join(part.text for part in item.summary)
    return summary or "".join(part.text for part in item.content or [])


def _rebuilt(heard: Heard) -> list[Any]:
    items: list[Any] = [{"role": "assistant", "content": heard.text}] if heard.text else []
    for call in heard.calls:
        arguments = json.dumps(call.arguments)
        items.append({"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments})
    return items


def _tokens(usage: Any) -> Tokens:
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    return Tokens(
        usage.input_tokens,
        usage.output_tokens,
        usage.input_tokens_details.cached_tokens,
        usage.output_tokens_details.reasoning_tokens,
    )
