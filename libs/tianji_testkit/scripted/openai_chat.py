"""OpenAI's chat completions as OpenAI serves them, and as its look-alikes do.

Written from https://platform.openai.com/docs/api-reference/chat; limits and sentences of the
refusals from what the API answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from tianji_testkit.scripted.contract import (
    Asked,
    Refused,
    Reply,
    Shows,
    bearer,
    fresh,
    names,
    pieces_of,
    sse,
)
from tianji_testkit.scripted.openai_turns import NAME, invalid, read_messages
from tianji_testkit.scripted.script import Call, Said, Seen, Tokens

_FIELDS = names(
    "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens"
    " messages metadata modalities model n parallel_tool_calls prediction presence_penalty prompt_cache_key"
    " prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store"
    " stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity"
    " web_search_options"
)
_MESSAGE_FIELDS = {
    "system": {"role", "content", "name"},
    "developer": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {
        "role", "content", "name", "refusal", "tool_calls", "function_call", "audio", "annotations",
        "reasoning_content", "thinking_blocks", "parsed",  # what its own SDK adds to messages, and sends back
    },
    "tool": {"role", "content", "tool_call_id", "name"},
}  # fmt: skip
THOUGHTS = {"reasoning_content", "thinking_blocks"}
"""OpenAI refuses these; a server at an `api_base` may need them, so there they are sent."""
_PARTS = {
    "system": {"text"},
    "developer": {"text"},
    "user": {"text", "image_url", "input_audio", "file"},
    "assistant": {"text", "refusal"},
    "tool": {"text"},
}
_CREATED = 1_790_000_000
_LONGEST_USER = 64


class OpenAIChat:
    """OpenAI itself; subclasses say what a look-alike does differently."""

    stream_type = "text/event-stream; charset=utf-8"
    fields = _FIELDS
    message_fields: ClassVar[dict[str, set[str]]] = _MESSAGE_FIELDS
    parts: ClassVar[dict[str, set[str]]] = _PARTS
    longest_id = 40
    thought_field: str | None = None
    """Where an answer carries what the model thought."""
    always_thinks = False

    def __init__(self, name: str = "openai", key: str = "sk-upstream") -> None:
        self.name = name
        self.key = key
        self.shows = Shows(cached=True, reasoning=True)

    # Reading and refusing

    def serves(self, path: str) -> bool:
        """Say whether a path is one of the API's."""
        return path == "/v1/chat/completions"

    def read(self, asked: Asked) -> Seen:
        """Check a request as the vendor would."""
        body = self.checked(asked)
        if not isinstance(body.get("model"), str) and "model" in self.fields:
            raise invalid("you must provide a model parameter")
        seen = Seen(thinks=self.always_thinks)
        self._read_tools(body, seen)
        self._read_options(body)
        read_messages(self, body.get("messages"), seen)
        form = body.get("response_format") or {}
        if form.get("type") == "json_schema":
            seen.shape = form["json_schema"]["schema"]
        elif form.get("type") == "json_object":
            seen.shape = {}
        return seen

    def checked(self, asked: Asked) -> Mapping[str, Any]:
        """Return a request's body once address, key and the names of its fields are right."""
        if not self.serves(asked.path):
            raise invalid(f"Invalid URL (POST {asked.path})", status=404)
        self.check_key(asked)
        for name, value in asked.json.items():
            if name not in self.fields:
                raise self.unknown_field(name, value)
        return asked.json

    def check_key(self, asked: Asked) -> None:
        """Refuse a request without the key."""
        if not bearer(asked, self.key):
            raise self.failure("auth")

    def unknown_field(self, name: str, value: object) -> Refused:
        """Say that a field of the request is not known."""
        return invalid(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")

    def _read_tools(self, body: Mapping[str, Any], seen: Seen) -> None:
        tools = body.get("tools")
        if tools is not None and not tools:
            raise invalid("[] is too short - 'tools'", param="tools", code="empty_array")
        for at, tool in enumerate(tools or []):
            if tool.get("type") != "function" or not NAME.match(tool["function"].get("name", "")):
                raise invalid(f"Invalid value: 'tools[{at}]'.", param=f"tools[{at}]")
            seen.tools[tool["function"]["name"]] = tool["function"].get("parameters") or {}
        for name in ("tool_choice", "parallel_tool_calls"):
            if body.get(name) is not None and not tools:
                raise invalid(
                    f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.",
                    param=name,
                )
        choice = body.get("tool_choice")
        if isinstance(choice, dict):
            seen.forced = choice["function"]["name"]
            if seen.forced not in seen.tools:
                raise invalid(f"Tool choice '{seen.forced}' not found in 'tools' parameter.")
        elif choice == "required":
            seen.forced = ""
        elif choice not in (None, "auto", "none"):
            raise invalid(f"Invalid value: '{choice}'. Supported values are: 'none', 'auto', 'required'.")

    def _read_options(self, body: Mapping[str, Any]) -> None:
        self.check_user(body)
        if body.get("stream_options") is not None and not body.get("stream"):
            raise invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.")

    def check_user(self, body: Mapping[str, Any]) -> None:
        """Refuse a long name of a user."""
        if len(body.get("user") or "") > _LONGEST_USER:
            raise invalid(
                "Invalid 'user': string too long. Expected a string with maximum length"
                f" {_LONGEST_USER}, but got a string with length {len(body['user'])} instead.",
                param="user",
                code="string_above_max_length",
            )

    def check_call_id(self, identity: object, place: str) -> None:
        """Refuse a tool call's id that is too long."""
        if not isinstance(identity, str) or not identity:
            raise invalid(f"Missing required parameter: '{place}'.", param=place)
        if len(identity) > self.longest_id:
            raise invalid(
                f"Invalid '{place}': string too long. Expected a string with maximum length"
                f" {self.longest_id}, but got a string with length {len(identity)} instead.",
                param=place,
                code="string_above_max_length",
            )

    def streams(self, asked: Asked) -> bool:
        """Say whether a stream was asked for."""
        return asked.json.get("stream") is True

    # Answering

    def call_id(self, call: Call) -> str:
        """Return the id of a call."""
        return f"call_W{call.number}kTq8Zr0nB5sXvLmYcD{call.number}"

    def _message(self, said: Said) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": said.text or None, "refusal": None}
        if said.thought and self.thought_field:
            message[self.thought_field] = said.thought
        if said.calls:
            message["tool_calls"] = [self._call(call) for call in said.calls]
        return message

    def _call(self, call: Call) -> dict[str, Any]:
        function = {"name": call.name, "arguments": msgspec.json.encode(call.arguments).decode()}
        return {"id": self.call_id(call), "type": "function", "function": function}

    def usage(self, tokens: Tokens) -> dict[str, Any]:
        """Write usage."""
        out: dict[str, Any] = {
            "prompt_tokens": tokens.input,
            "completion_tokens": tokens.output,
            "total_tokens": tokens.input + tokens.output,
        }
        if self.shows.cached:
            out["prompt_tokens_details"] = {"cached_tokens": tokens.cached, "audio_tokens": 0}
        if self.shows.reasoning:
            out["completion_tokens_details"] = {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0}
        return out

    def whole(self, said: Said, asked: Asked) -> bytes:
        """Write a chat completion."""
        finish = "tool_calls" if said.calls else "stop"
        choice = {"index": 0, "message": self._message(said), "logprobs": None, "finish_reason": finish}
        head = {"id": f"chatcmpl-{fresh(asked)}", "object": "chat.completion", "created": _CREATED}
        return msgspec.json.encode(
            {**head, "model": self._model(asked), "choices": [choice], "usage": self.usage(said.tokens)}
        )

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Write the chunks of a stream."""
        out = [self.chunk(asked, [_delta({"role": "assistant", "content": "", "refusal": None})])]
        out += [
            self.chunk(asked, [_delta({self.thought_field: piece})])
            for piece in pieces_of(said.thought)
            if self.thought_field
        ]
        for delta in self.call_deltas(said):
            out.append(self.chunk(asked, [_delta(delta)]))
        out += [self.chunk(asked, [_delta({"content": piece})]) for piece in pieces_of(said.text)]
        last = [_delta({}, "tool_calls" if said.calls else "stop")]
        return [*out, *self.ending(asked, last, said.tokens), b"data: [DONE]\n\n"]

    def call_deltas(self, said: Said) -> Iterable[dict[str, Any]]:
        """Write the calls of an answer, piece by piece."""
        for at, call in enumerate(said.calls):
            whole = self._call(call)
            arguments = whole["function"]["arguments"]
            whole["function"]["arguments"] = ""
            yield {"tool_calls": [{"index": at, **whole}]}
            for piece in pieces_of(arguments):
                yield {"tool_calls": [{"index": at, "function": {"arguments": piece}}]}

    def ending(self, asked: Asked, last: list[dict[str, Any]], tokens: Tokens) -> list[bytes]:
        """Write the last chunks: why the model stopped, and usage where it was asked for."""
        out = [self.chunk(asked, last)]
        if (asked.json.get("stream_options") or {}).get("include_usage"):
            out.append(self.chunk(asked, [], usage=self.usage(tokens)))
        return out

    def chunk(self, asked: Asked, choices: list[dict[str, Any]], **more: Any) -> bytes:
        """Write one chunk."""
        head = {"id": f"chatcmpl-{fresh(asked)}", "object": "chat.completion.chunk", "created": _CREATED}
        return sse(msgspec.json.encode({**head, "model": self._model(asked), "choices": choices, **more}))

    def _model(self, asked: Asked) -> str:
        return str(asked.json.get("model", "deployed"))

    # Failing

    def failure(self, name: str) -> Refused:
        """Return a failure in OpenAI's words."""
        match name:
            case "auth":
                return Refused("Incorrect API key provided.", status=401, code="invalid_api_key")
            case "rate_limit":
                what = "Rate limit reached for requests per minute. Please try again in 7s."
                return Refused(
                    what, status=429, type="requests", code="rate_limit_exceeded",
                    headers={"retry-after": "7"},
                )  # fmt: skip
            case "context":
                what = (
                    "This model's maximum context length is 8192 tokens. However, your messages resulted"
                    " in 9000 tokens. Please reduce the length of the messages."
                )
                return invalid(what, code="context_length_exceeded", param="messages")
            case "policy":
                what = "Invalid prompt: your prompt was flagged as potentially violating our usage policy."
                return invalid(what, code="content_policy_violation")
        return Refused(
            "The server had an error while processing your request.", status=503, type="server_error"
        )

    def refusal(self, refused: Refused) -> Reply:
        """Write an error body."""
        headers = {"content-type": "application/json", **refused.headers}
        return Reply(refused.status, headers, [msgspec.json.encode({"error": _error(refused)})])

    def broken(self, refused: Refused) -> bytes:
        """Write an error as an event."""
        return sse(msgspec.json.encode({"error": _error(refused)}))


def _error(refused: Refused) -> dict[str, Any]:
    kind = refused.type or "invalid_request_error"
    return {"message": refused.what, "type": kind, "param": refused.param, "code": refused.code}


def _delta(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
