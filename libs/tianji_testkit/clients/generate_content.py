"""Google's SDK."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from google import genai
from google.genai import errors, types

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


class GenerateContentClient(Client):
    """Google's generateContent."""

    errors = {  # noqa: RUF012
        "auth": errors.ClientError,
        "forbidden": errors.ClientError,
        "rate_limit": errors.ClientError,
        "context": errors.ClientError,
        "policy": errors.ClientError,
        "overloaded": errors.ServerError,
        "break": Exception,
    }

    @staticmethod
    def connect(url: str, key: str) -> Any:
        """Return the SDK's client."""
        return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=url))

    def __init__(self, sdk: Any, model: str, wishes: Wishes) -> None:
        super().__init__(sdk, model, wishes)
        self.contents: list[Any] = []

    def say(self, *said: str | Picture) -> None:
        """Add a user's turn."""
        self.contents.append(types.Content(role="user", parts=[_part(one) for one in said]))

    def answer(self, results: Sequence[tuple[Called, str | Picture]]) -> None:
        """Add results, all in one turn; a rebuilt conversation names functions only."""
        parts = []
        for call, result in results:
            response: dict[str, Any] = (
                {"result": result} if isinstance(result, str) else {"result": "see image"}
            )
            more: list[Any] = []
            if isinstance(result, Picture):
                blob = types.FunctionResponseBlob(
                    mime_type=result.media_type, data=base64.b64decode(result.data)
                )
                more = [types.FunctionResponsePart(inline_data=blob)]
            answer = types.FunctionResponse(name=call.name, response=response, parts=more or None)
            if not self.wishes.rebuilt:
                answer.id = call.id
            parts.append(types.Part(function_response=answer))
        self.contents.append(types.Content(role="user", parts=parts))

    def reply(self, text: str) -> None:
        """Add a model's turn."""
        self.contents.append(types.Content(role="model", parts=[types.Part(text=text)]))

    def recall(self, id: str, arguments: str) -> None:
        """Add a model's turn with a call; without a signature, as one from elsewhere."""
        call = types.FunctionCall(id=id, name=TOOL, args=object_of(arguments))
        self.contents.append(types.Content(role="model", parts=[types.Part(function_call=call)]))

    def instruct(self, text: str) -> None:
        """Say it as the user: this format knows the system at the top only."""
        self.say(text)

    async def send(self) -> Heard:
        """Send it, whole or as a stream."""
        asked: Any = {"model": self.model, "contents": self.contents, "config": self._config()}
        if self.wishes.stream:
            answers = [one async for one in await self.sdk.aio.models.generate_content_stream(**asked)]
            check(answers)
        else:
            answers = [await self.sdk.aio.models.generate_content(**asked)]
        contents = [
            one.candidates[0].content for one in answers if one.candidates and one.candidates[0].content
        ]
        parts = [part for content in contents for part in content.parts or []]
        calls = [_called(part) for part in parts if part.function_call]
        candidates: Any = answers[-1].candidates
        finish = candidates[0].finish_reason
        heard = Heard(
            "".join(part.text or "" for part in parts if not part.thought),
            "".join(part.text or "" for part in parts if part.thought),
            calls,
            ("calls" if calls else "stop") if finish == types.FinishReason.STOP else str(finish),
            _tokens(answers[-1].usage_metadata),
        )
        if self.wishes.rebuilt:
            self.contents.append(_rebuilt(heard))
        else:
            # As the SDK's own chats keep a stream: each piece a turn, empty ones left out.
            self.contents += [content for content in contents if _says(content)]
        return heard

    def _config(self) -> types.GenerateContentConfig:
        wishes = self.wishes
        config = types.GenerateContentConfig(max_output_tokens=8000)
        config.automatic_function_calling = types.AutomaticFunctionCallingConfig(disable=True)
        if wishes.system:
            config.system_instruction = wishes.system
        if wishes.tools:
            function = types.FunctionDeclaration(
                name=TOOL, description=DESCRIPTION, parameters_json_schema=SCHEMA
            )
            config.tools = [types.Tool(function_declarations=[function])]
        if wishes.forced:
            mode = types.FunctionCallingConfigMode.ANY
            chosen = types.FunctionCallingConfig(mode=mode, allowed_function_names=[TOOL])
            config.tool_config = types.ToolConfig(function_calling_config=chosen)
        if wishes.shaped:
            config.response_mime_type = "application/json"
            config.response_json_schema = SHAPE
        if wishes.thinks:
            config.thinking_config = types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)
        return config

    @staticmethod
    async def disconnect(sdk: Any) -> None:
        """Close both of its halves."""
        await sdk.aio.aclose()
        sdk.close()

    def message_of(self, error: Exception) -> str:
        """Return the error's message."""
        assert isinstance(error, errors.APIError)
        assert error.status, "Google's errors name a status"
        return str(error.message)


def check(answers: Sequence[Any]) -> None:
    """Check what Google promises of a stream."""
    finished = [at for at, one in enumerate(answers) if one.candidates and one.candidates[0].finish_reason]
    assert finished == [len(answers) - 1], "the finish reason is said once, at the end"
    assert answers[-1].usage_metadata, "usage comes with the last piece"
    assert len({one.response_id for one in answers}) == 1, "pieces of one answer share its id"


def _part(one: str | Picture) -> types.Part:
    if isinstance(one, str):
        return types.Part(text=one)
    return types.Part.from_bytes(data=base64.b64decode(one.data), mime_type=one.media_type)


def _called(part: Any) -> Called:
    call = part.function_call
    return Called(call.id, call.name, call.args or {}, part.thought_signature)


def _says(content: Any) -> bool:
    return bool(content.parts) and all(part.text != "" for part in content.parts)


def _rebuilt(heard: Heard) -> types.Content:
    parts = [types.Part(text=heard.text)] if heard.text else []
    for call in heard.calls:
        made = types.FunctionCall(id=call.id, name=call.name, args=call.arguments)
        # Without it Google itself refuses the turn, so no application that works leaves it out.
        parts.append(types.Part(function_call=made, thought_signature=call.signature))
    return types.Content(role="model", parts=parts)


def _tokens(usage: Any) -> Tokens:
    reasoning, said = usage.thoughts_token_count or 0, usage.candidates_token_count or 0
    assert usage.total_token_count == usage.prompt_token_count + reasoning + said
    return Tokens(
        usage.prompt_token_count, said + reasoning, usage.cached_content_token_count or 0, reasoning
    )
