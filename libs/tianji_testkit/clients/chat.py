"""OpenAI's SDK, chat completions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from openai.lib.streaming.chat import ChatCompletionStreamState

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
from tianji_testkit.scripted.script import Tokens

_FINISH = {"tool_calls": "calls", "stop": "stop"}


class ChatClient(OpenAIClient):
    """Chat completions."""

    def __init__(self, sdk: Any, model: str, wishes: Wishes) -> None:
        super().__init__(sdk, model, wishes)
        self.messages: list[Any] = []
        if wishes.system:
            self.messages.append({"role": "system", "content": wishes.system})

    def say(self, *said: str | Picture) -> None:
        """Add a user's turn."""
        parts: list[Any] = [
            {"type": "text", "text": one}
            if isinstance(one, str)
            else {"type": "image_url", "image_url": {"url": one.url}}
            for one in said
        ]
        plain = len(said) == 1 and isinstance(said[0], str)
        self.messages.append({"role": "user", "content": said[0] if plain else parts})

    def answer(self, results: Sequence[tuple[Called, str | Picture]]) -> None:
        """Add results, each a message."""
        for call, result in results:
            content: Any = result
            if isinstance(result, Picture):
                content = [{"type": "image_url", "image_url": {"url": result.url}}]
            self.messages.append({"role": "tool", "tool_call_id": call.id, "content": content})

    def reply(self, text: str) -> None:
        """Add an assistant's turn."""
        self.messages.append({"role": "assistant", "content": text})

    def recall(self, id: str, arguments: str) -> None:
        """Add an assistant's message with a call."""
        call = {"id": id, "type": "function", "function": {"name": TOOL, "arguments": arguments}}
        self.messages.append({"role": "assistant", "content": None, "tool_calls": [call]})

    def instruct(self, text: str) -> None:
        """Add a developer's message."""
        self.messages.append({"role": "developer", "content": text})

    async def send(self) -> Heard:
        """Send it, whole or as a stream."""
        asked = self._asked()
        if self.wishes.stream:
            message, finish, usage = await self._streamed(asked)
        else:
            answer = await self.sdk.chat.completions.create(**asked)
            assert len(answer.choices) == 1
            assert answer.object == "chat.completion"
            message, finish, usage = answer.choices[0].message, answer.choices[0].finish_reason, answer.usage
        heard = Heard(
            message.content or "",
            getattr(message, "reasoning_content", None) or "",
            [
                Called(call.id, call.function.name, json.loads(call.function.arguments))
                for call in message.tool_calls or []
            ],
            _FINISH.get(finish, finish),
            _tokens(usage),
        )
        self.messages.append(_rebuilt(heard) if self.wishes.rebuilt else message)
        return heard

    def _asked(self) -> dict[str, Any]:
        wishes = self.wishes
        asked: dict[str, Any] = {
            "model": self.model,
            "messages": self.messages,
            "max_completion_tokens": 8000,
        }
        if wishes.tools:
            function = {"name": TOOL, "description": DESCRIPTION, "parameters": SCHEMA}
            asked["tools"] = [{"type": "function", "function": function}]
        if wishes.forced:
            asked["tool_choice"] = {"type": "function", "function": {"name": TOOL}}
        if wishes.shaped:
            form = {"name": "place", "schema": SHAPE, "strict": True}
            asked["response_format"] = {"type": "json_schema", "json_schema": form}
        if wishes.thinks:
            asked["reasoning_effort"] = "medium"
        return asked

    async def _streamed(self, asked: dict[str, Any]) -> tuple[Any, str, Any]:
        state: Any = ChatCompletionStreamState()
        stream: Any = await self.sdk.chat.completions.create(
            **asked, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        for chunk in chunks:
            state.handle_chunk(chunk)
        check(chunks)
        # The last chunk of usage alone has no choices; the state wants a choice to have ended.
        whole = state.get_final_completion()
        return whole.choices[0].message, whole.choices[0].finish_reason, chunks[-1].usage


def check(chunks: Sequence[Any]) -> None:
    """Check what OpenAI promises of a stream of chunks."""
    assert len({chunk.id for chunk in chunks}) == 1, "chunks of one answer share its id"
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    spoken = [chunk for chunk in chunks if chunk.choices]
    assert spoken[0].choices[0].delta.role == "assistant", "the first chunk names the role"
    assert not any(c.choices[0].delta.role for c in spoken[1:]), "the role is named once"
    finished = [at for at, chunk in enumerate(spoken) if chunk.choices[0].finish_reason]
    assert finished == [len(spoken) - 1], "the finish reason is said once, at the end"
    assert [bool(chunk.usage) for chunk in chunks].count(True) == 1, "usage is said once"
    assert chunks[-1].usage, "usage comes last"
    assert chunks[-1].choices == [], "usage has a chunk of its own"
    seen: list[int] = []
    for chunk in spoken:
        for call in chunk.choices[0].delta.tool_calls or []:
            if call.index not in seen:
                assert call.index == len(seen), "calls are numbered from 0"
                assert call.id, "a call begins with its id"
                assert call.function.name, "a call begins with its name"
                seen.append(call.index)
            else:
                assert call.id is None, "a call's id is said once"
                assert call.function.name is None, "a call's name is said once"


def _rebuilt(heard: Heard) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": heard.text}
    if heard.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
            }
            for call in heard.calls
        ]
    return message


def _tokens(usage: Any) -> Tokens:
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return Tokens(
        usage.prompt_tokens,
        usage.completion_tokens,
        (prompt and prompt.cached_tokens) or 0,
        (completion and completion.reasoning_tokens) or 0,
    )
