"""Takes out of a request what is meant for the gateway, so that no provider sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.errors import BadRequest
from tianji_gateway.flow.receive import Inference, object_of
from tianji_gateway.limits.extent import ANSWERS, INNER, LENGTHS

OURS = frozenset(
    {
        "allowed_openai_params",
        "cache",
        "context_window_fallback_dict",
        "custom_llm_provider",
        "disable_fallbacks",
        "drop_params",
        "fallbacks",
        "litellm_call_id",
        "litellm_metadata",
        "litellm_session_id",
        "litellm_trace_id",
        "max_fallbacks",
        "max_retries",
        "mock_delay",
        "mock_response",
        "mock_timeout",
        "mock_tool_calls",
        "no-log",
        "num_retries",
        "request_timeout",
        "stream_timeout",
        "tags",
        "timeout",
        "turn_off_message_logging",
    }
)
"""Fields that LiteLLM's clients send to the proxy itself."""

FORBIDDEN = frozenset({"api_base", "api_key", "api_version", "base_url", "aws_bedrock_runtime_endpoint"})
"""Fields with which a client would send the request, or the operator's credential, elsewhere."""

_CALL = frozenset(
    {
        "contents",
        "input",
        "messages",
        "model",
        "modelId",
        "prompt",
        "service_tier",
        "stream",
        "stream_options",
    }
)
_SIZES = LENGTHS | ANSWERS


def prepare(inference: Inference) -> None:
    """Remove the gateway's own fields. Raises BadRequest for one that no client may set."""
    fields = inference.fields
    forbidden = FORBIDDEN.intersection(fields)
    if forbidden:
        name = min(forbidden)
        raise BadRequest(
            f"`{name}` is not allowed in the request body: where a request goes is set by the operator",
            param=name,
        )
    if "extra_body" in fields:
        _check_extra(object_of(fields, "extra_body"))
    for name in OURS.intersection(fields):
        del fields[name]
    if inference.front.name == "chat" and "metadata" in fields and bytes(fields.get("store", b"")) != b"true":
        del fields["metadata"]  # OpenAI refuses it on calls that it does not store


def _check_extra(body: Mapping[str, Any]) -> None:
    """Refuse in `extra_body`, which goes before the request, what a call is admitted and paid for by."""
    inner = [body[name] for name in INNER.intersection(body) if isinstance(body[name], dict)]
    named = (_CALL | FORBIDDEN).intersection(body).union(*map(_SIZES.intersection, (body, *inner)))
    if named:
        name = min(named)
        raise BadRequest(
            f"`extra_body` may not say `{name}`: say it in the request itself, in the words of its format",
            param="extra_body",
        )
