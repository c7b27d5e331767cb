"""Takes out of a request what is meant for the gateway, so that no provider sees it."""

from __future__ import annotations

from tianji.errors import BadRequest
from tianji_gateway.flow.receive import Inference

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
    }
)
"""Fields that LiteLLM's clients send to the proxy itself."""

FORBIDDEN = frozenset({"api_base", "api_key", "api_version", "base_url", "aws_bedrock_runtime_endpoint"})
"""Fields with which a client would send the request, or the operator's credential, elsewhere."""


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
    for name in OURS.intersection(fields):
        del fields[name]
    if inference.front.name == "chat" and "metadata" in fields and bytes(fields.get("store", b"")) != b"true":
        del fields["metadata"]  # OpenAI refuses it on calls that it does not store
