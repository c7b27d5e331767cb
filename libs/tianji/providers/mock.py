"""Canned answers: a deployment with a `mock_response` answers by itself, at once.

The text comes back in the form of a chat completion; in a stream word by word. LiteLLM's special
values, such as `litellm.RateLimitError`, make the deployment fail in that way. Nobody counted
tokens: the usage is an estimate, and says so.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest, UpstreamError
from tianji.providers.contract import Canned, Profile, Setting, UpstreamRequest, features
from tianji.providers.dialects.openai_chat import answer
from tianji.providers.dialects.openai_chat.errors import read_error
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.tokens.prompt import prompt_of
from tianji.wire.front import Fields
from tianji.wire.neutral import Answer, Ask, Event, Used

PROFILE = Profile(
    title="Canned answers",
    page="",
    example="mock/any-name",
    settings=(
        Setting("mock_response", "the text to answer with, or a whole chat completion"),
        Setting("mock_delay", "seconds to wait before the answer"),
    ),
    supports=features("stream several"),
    notes="Asks nobody: for trying out a config, and for tests. Usage is estimated and says so.",
)
_URL = "mock:"
_WORD = re.compile(r"\s*\S+(?:\s+\Z)?|\s+")
_SIGNS_PER_TOKEN = 4
_FAILURES = {
    "RateLimitError": (429, "rate_limit_error", None),
    "ContextWindowExceededError": (400, "invalid_request_error", "context_length_exceeded"),
    "ContentPolicyViolationError": (400, "invalid_request_error", "content_policy_violation"),
    "AuthenticationError": (401, "authentication_error", None),
    "PermissionDeniedError": (403, "permission_error", None),
    "NotFoundError": (404, "not_found_error", None),
    "BadRequestError": (400, "invalid_request_error", None),
    "Timeout": (408, "timeout_error", None),
    "InternalServerError": (500, "api_error", None),
    "BadGatewayError": (502, "api_error", None),
    "ServiceUnavailableError": (503, "api_error", None),
    "APIConnectionError": (503, "api_error", None),
}


def bind(deployment: Deployment, options: Mapping[str, Any]) -> MockUpstream:
    """Bind a deployment's `mock_response`: a text, or a whole chat completion as an object."""
    said = deployment.params.get("mock_response")
    if said is None:
        said = "This is a mock response."
    if not isinstance(said, (str, dict)):
        raise BadRequest("mock_response must be a text or a chat completion", param="mock_response")
    delay = deployment.params.get("mock_delay") or 0
    if isinstance(delay, bool) or not isinstance(delay, (int, float)) or delay < 0:
        raise BadRequest("mock_delay must be a number of seconds", param="mock_delay")
    return MockUpstream(deployment.provider, deployment.model, said, float(delay))


class _EstimatedDecoder(ChatDecoder):
    """Says of the canned usage that nobody counted it."""

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk."""
        events = super().feed(chunk)
        for event in events:
            if isinstance(event, Used):
                event.usage.estimated = True
        return events


class MockUpstream(Struct):
    """A deployment that answers by itself."""

    provider: str
    model: str
    said: str | dict[str, Any]
    delay_s: float = 0.0
    speaks: frozenset[str] = frozenset()

    def request(self, ask: Ask) -> UpstreamRequest:
        """Return the canned answer to a request."""
        failure = _failure(self.said)
        if failure is not None:
            status, body = failure
            canned = Canned((msgspec.json.encode(body),), status, delay_s=self.delay_s)
        else:
            body = self._body(ask)
            chunks = _chunks(body) if ask.stream else (msgspec.json.encode(body),)
            canned = Canned(chunks, delay_s=self.delay_s)
        return UpstreamRequest(_URL, b"", canned=canned)

    def forward(self, front: str, fields: Fields, *, stream: bool) -> UpstreamRequest:
        """Never called: no format is spoken here, so that the usage can be told as estimated."""
        raise BadRequest(f"a mock deployment takes no {front} request unread")

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read the canned answer."""
        read = answer.read(body)
        if read.usage is not None:
            read.usage.estimated = True
        return read

    def stream(self, ask: Ask) -> ChatDecoder:
        """Start to read the canned stream."""
        return _EstimatedDecoder(self.provider)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Map the canned error."""
        return read_error(self.provider, status, headers, body)

    def _body(self, ask: Ask) -> dict[str, Any]:
        base: dict[str, Any] = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.model,
        }
        if isinstance(self.said, dict):
            said = base | self.said
            if "choices" not in said:
                raise BadRequest("mock_response has no choices", param="mock_response")
            said.setdefault("usage", _usage(ask, msgspec.json.encode(said["choices"]).decode()))
            return said
        message = {"role": "assistant", "content": self.said}
        choices = [
            {"index": number, "message": message, "finish_reason": "stop"}
            for number in range(min(ask.n or 1, 128))
        ]
        return base | {"choices": choices, "usage": _usage(ask, self.said * len(choices))}


def _usage(ask: Ask, text: str) -> dict[str, int]:
    prompt = prompt_of(ask)
    read = prompt.fixed + sum(len(piece) for piece in prompt.texts) // _SIGNS_PER_TOKEN
    written = -(-len(text) // _SIGNS_PER_TOKEN)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _failure(said: str | dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
    name = said.removeprefix("litellm.") if isinstance(said, str) else ""
    if name == said or name not in _FAILURES:
        return None
    status, kind, code = _FAILURES[name]
    return status, {"error": {"message": f"this is a mock {name}", "type": kind, "param": None, "code": code}}


def _chunks(body: dict[str, Any]) -> tuple[bytes, ...]:
    """Cut a whole answer into the chunks of a stream: text word by word, all else at once."""
    head = {name: value for name, value in body.items() if name not in ("choices", "usage", "object")}
    head["object"] = "chat.completion.chunk"
    out = []
    for choice in body["choices"]:
        message = dict(choice.get("message") or {})
        content = message.pop("content", None)
        words = _WORD.findall(content) if isinstance(content, str) else []
        calls = [
            {"index": number, **call} for number, call in enumerate(message.pop("tool_calls", None) or [])
        ]
        deltas = [{"role": "assistant", **message}, *({"content": word} for word in words)]
        deltas += [{"tool_calls": [call]} for call in calls]
        ends = [None] * len(deltas) + [choice.get("finish_reason") or "stop"]
        for delta, end in zip([*deltas, {}], ends, strict=True):
            piece = {"index": choice.get("index", 0), "delta": delta, "finish_reason": end}
            out.append(_event(head | {"choices": [piece]}))
    out.append(_event(head | {"choices": [], "usage": body["usage"]}))
    return (*out, b"data: [DONE]\n\n")


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"
