"""Vendors that speak nearly OpenAI's chat completions: where they refuse or word things differently.

Written from https://learn.microsoft.com/azure/ai-foundry/openai/reference, https://docs.mistral.ai/api,
https://console.groq.com/docs/api-reference and https://api-docs.deepseek.com.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from tianji_testkit.scripted.contract import Asked, Refused, Reply, Shows, names
from tianji_testkit.scripted.openai_chat import THOUGHTS, OpenAIChat
from tianji_testkit.scripted.openai_responses import OpenAIResponses
from tianji_testkit.scripted.openai_turns import invalid
from tianji_testkit.scripted.script import Call, Said, Seen, Tokens


class Azure(OpenAIChat):
    """Azure OpenAI: a deployment in the path, a version in the query, `api-key` for a key."""

    message_fields: ClassVar = OpenAIChat.message_fields | {
        "assistant": OpenAIChat.message_fields["assistant"] - THOUGHTS
    }

    def __init__(self) -> None:
        super().__init__("azure")

    def serves(self, path: str) -> bool:
        """Take both forms of address."""
        return re.match(r"^/openai/(v1|deployments/[^/]+)/chat/completions$", path) is not None

    def check_key(self, asked: Asked) -> None:
        """Want the key in a header of Azure's own."""
        if asked.headers.get("api-key") != self.key:
            raise self.failure("auth")
        if "/deployments/" in asked.path and "api-version" not in asked.query:
            raise Refused("Resource not found", status=404, code="404")

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Begin with a chunk that holds nothing but what the filters say of the prompt."""
        verdict = {"hate": {"filtered": False, "severity": "safe"}}
        results = [{"prompt_index": 0, "content_filter_results": verdict}]
        return [self.chunk(asked, [], prompt_filter_results=results), *super().stream(said, asked)]

    def failure(self, name: str) -> Refused:
        """Word two failures as Azure does."""
        if name == "auth":
            what = "Access denied due to invalid subscription key or wrong API endpoint."
            return Refused(what, status=401, code="401")
        if name == "policy":
            what = (
                "The response was filtered due to the prompt triggering Azure OpenAI's content management"
                " policy. Please modify your prompt and retry."
            )
            return Refused(what, code="content_filter", param="prompt")
        return super().failure(name)


class AzureResponses(OpenAIResponses):
    """Responses on Azure: the same, but for some of its errors."""

    def __init__(self) -> None:
        super().__init__("azure")

    def failure(self, name: str) -> Refused:
        """Word failures as Azure does."""
        return Azure().failure(name)


class Mistral(OpenAIChat):
    """Mistral: knows fewer fields, short ids, and a strict order of roles."""

    fields = names(
        "model messages temperature top_p max_tokens stream stop random_seed response_format tools"
        " tool_choice presence_penalty frequency_penalty n prediction parallel_tool_calls prompt_mode"
        " reasoning_effort safe_prompt metadata guardrails prompt_cache_key"
    )
    message_fields: ClassVar = {
        "system": {"role", "content"},
        "user": {"role", "content"},
        "assistant": {"role", "content", "tool_calls", "prefix"},
        "tool": {"role", "content", "tool_call_id", "name"},
    }  # fmt: skip
    parts: ClassVar = OpenAIChat.parts | {
        "tool": {"text", "image_url"},
        "assistant": {"text", "thinking"},
    }
    _after: ClassVar[Mapping[str | None, set[str]]] = {
        None: {"system", "user"},
        "system": {"system", "user", "assistant"},
        "user": {"user", "assistant", "system"},
        "assistant": {"user", "tool", "system"},
        "tool": {"tool", "assistant"},
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__("mistral")
        self.shows = Shows()

    def read(self, asked: Asked) -> Seen:
        """Check the order of roles besides."""
        before = None
        for message in asked.json.get("messages") or []:
            role = message.get("role")
            if role not in self._after[before]:
                raise self._order(f"Unexpected role '{role}' after role '{before}'")
            if role == "assistant" and not message.get("content") and not message.get("tool_calls"):
                raise self._order("Assistant message must have either content or tool_calls, but not none.")
            before = role if role in self._after else None
        if before == "assistant" and not asked.json["messages"][-1].get("prefix"):
            raise self._order(
                "Expected last role User or Tool (or Assistant with prefix True) for serving but got"
                " assistant"
            )
        return super().read(asked)

    def _order(self, what: str) -> Refused:
        return Refused(what, type="invalid_request_message_order", code="3230")

    def unknown_field(self, name: str, value: object) -> Refused:
        """Say it as Mistral's checks do."""
        detail = {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
        return Refused(msgspec.json.encode([detail]).decode(), status=422, type="invalid_request_error")

    def check_call_id(self, identity: object, place: str) -> None:
        """Want nine letters and digits."""
        if not isinstance(identity, str) or not re.match(r"^[a-zA-Z0-9]{9}$", identity):
            raise Refused(
                f"Tool call id was {identity} but must be a-z, A-Z, 0-9, with a length of 9.",
                type="invalid_function_call",
                code="3280",
            )

    def call_id(self, call: Call) -> str:
        """Return an id of nine signs."""
        return f"D681PevK{call.number}"

    def call_deltas(self, said: Said) -> Iterable[dict[str, Any]]:
        """Send all calls whole in one chunk."""
        if said.calls:
            calls = [{"index": at, **self._call(call)} for at, call in enumerate(said.calls)]
            yield {"content": "", "tool_calls": calls}

    def ending(self, asked: Asked, last: list[dict[str, Any]], tokens: Tokens) -> list[bytes]:
        """Send usage in the last chunk, asked for or not."""
        return [self.chunk(asked, last, usage=self.usage(tokens))]

    def failure(self, name: str) -> Refused:
        """Word the failures as Mistral does."""
        match name:
            case "auth":
                return Refused("Unauthorized", status=401, type="unauthorized", code="401")
            case "rate_limit":
                what = "Rate limit exceeded"
                return Refused(
                    what, status=429, type="rate_limited", code="1300", headers={"retry-after": "7"}
                )
            case "context":
                what = (
                    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum"
                    " context length"
                )
                return Refused(what, type="invalid_request_prompt_too_long", code="3051")
        return super().failure(name)

    def refusal(self, refused: Refused) -> Reply:
        """Write the error without an envelope."""
        body = {
            "object": "error",
            "message": refused.what,
            "type": refused.type or "invalid_request_error",
            "param": refused.param,
            "code": refused.code,
        }
        headers = {"content-type": "application/json", **refused.headers}
        return Reply(refused.status, headers, [msgspec.json.encode(body)])


class Groq(OpenAIChat):
    """Groq: takes thoughts back in a field of its own, sends usage beside the last chunk."""

    longest_id = 1000

    thought_field = "reasoning"
    always_thinks = True
    fields = (
        OpenAIChat.fields
        - {"store", "audio", "modalities", "prediction", "logit_bias", "logprobs", "top_logprobs"}
    ) | {"reasoning_format", "include_reasoning", "search_settings", "documents", "citation_options"}
    message_fields: ClassVar = {
        "system": {"role", "content", "name"},
        "developer": {"role", "content", "name"},
        "user": {"role", "content", "name"},
        "assistant": {"role", "content", "name", "tool_calls", "function_call", "reasoning"},
        "tool": {"role", "content", "tool_call_id", "name"},
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__("groq")
        self.shows = Shows(thought=True)

    def serves(self, path: str) -> bool:
        """Take the address below OpenAI's."""
        return path == "/openai/v1/chat/completions"

    def unknown_field(self, name: str, value: object) -> Refused:
        """Say it in Groq's words."""
        return invalid(f"property '{name}' is unsupported", param=name)

    def ending(self, asked: Asked, last: list[dict[str, Any]], tokens: Tokens) -> list[bytes]:
        """Send usage in a field of the last chunk; in `usage` only where it was asked for."""
        out = [self.chunk(asked, last, x_groq={"id": "req_1", "usage": self.usage(tokens)})]
        if (asked.json.get("stream_options") or {}).get("include_usage"):
            out.append(self.chunk(asked, [], usage=self.usage(tokens)))
        return out


class DeepSeek(OpenAIChat):
    """DeepSeek: thinks aloud, counts hits and misses of its cache, reads over what it does not know."""

    longest_id = 1000

    thought_field = "reasoning_content"
    always_thinks = True
    fields = names(
        "model messages frequency_penalty max_tokens presence_penalty response_format stop stream"
        " stream_options temperature top_p tools tool_choice logprobs top_logprobs thinking"
        " reasoning_effort"
    )
    message_fields: ClassVar = {
        role: fields | {"prefix", "reasoning_content", "thinking_blocks"}
        for role, fields in OpenAIChat.message_fields.items()
        if role != "developer"
    }

    def __init__(self) -> None:
        super().__init__("deepseek")
        self.shows = Shows(thought=True, cached=True, reasoning=True)

    def serves(self, path: str) -> bool:
        """Take the addresses of the stable and the beta API."""
        return path in ("/chat/completions", "/v1/chat/completions", "/beta/chat/completions")

    def read(self, asked: Asked) -> Seen:
        """Refuse contents that are no strings, and answers of a schema."""
        for at, message in enumerate(asked.json.get("messages") or []):
            if isinstance(message.get("content"), list) and message.get("role") != "user":
                what = "Failed to deserialize the JSON body into the target type: "
                raise invalid(f"{what}messages[{at}]: invalid type: sequence, expected a string", status=422)
        if (asked.json.get("response_format") or {}).get("type") == "json_schema":
            raise invalid("This response_format type is unavailable now")
        return super().read(asked)

    def usage(self, tokens: Tokens) -> dict[str, Any]:
        """Write usage with hits and misses."""
        hits = {
            "prompt_cache_hit_tokens": tokens.cached,
            "prompt_cache_miss_tokens": tokens.input - tokens.cached,
        }
        return super().usage(tokens) | hits

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Send a comment first, to keep the connection open."""
        return [b": keep-alive\n\n", *super().stream(said, asked)]


class OpenAILike(OpenAIChat):
    """A server of one's own: takes thoughts back, ends its lines as Windows does."""

    longest_id = 1000

    message_fields: ClassVar = {
        role: fields | {"reasoning", "reasoning_content", "thinking_blocks"}
        for role, fields in OpenAIChat.message_fields.items()
    }
    parts: ClassVar = OpenAIChat.parts | {"tool": {"text", "image_url"}}

    def __init__(self, name: str = "hosted_vllm") -> None:
        super().__init__(name)
        self.shows = Shows(thought=True)
        self.thought_field = "reasoning_content"
        self.always_thinks = True

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Use lines that end as on Windows, and a text that comes with its role."""
        return [event.replace(b"\n", b"\r\n") for event in super().stream(said, asked)]
