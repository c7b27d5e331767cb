"""What a deployment's parameters ask of every request, worked out once.

Three kinds of names meet in `litellm_params`: those that direct the gateway (`rpm`, `api_base`),
those that belong in the request body when the client does not say them (`temperature`), and the
rules for the body itself (`drop_params`, `extra_body`). A name that the config's table of fields
does not know is taken as one of the second, so that a vendor's own parameter needs no release
of ours; unless it may hold a secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, MutableMapping
from typing import Any

from msgspec import Raw, Struct, field

from tianji.config.fields import table
from tianji.domain.deployments import Deployment
from tianji.wire import values

BODY = frozenset(
    [
        "temperature",
        "top_p",
        "top_k",
        "n",
        "stop",
        "max_tokens",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "seed",
        "user",
        "response_format",
        "tools",
        "tool_choice",
        "functions",
        "function_call",
        "parallel_tool_calls",
        "reasoning_effort",
        "thinking",
        "modalities",
        "audio",
        "prediction",
        "service_tier",
        "verbosity",
        "web_search_options",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "stream_options",
        "store",
        "min_p",
        "repetition_penalty",
        "chat_template_kwargs",
        "guided_json",
        "guided_regex",
        "guided_choice",
    ]
)
"""Fields of a chat request that a deployment may set a default for."""

GATEWAY = frozenset(
    [
        "litellm_metadata",
        "litellm_call_id",
        "litellm_trace_id",
        "litellm_session_id",
        "guardrails",
        "guardrail_config",
        "tags",
        "fallbacks",
        "context_window_fallbacks",
        "content_policy_fallbacks",
        "disable_fallbacks",
        "num_retries",
        "max_retries",
        "timeout",
        "stream_timeout",
        "mock_response",
        "mock_timeout",
        "mock_tool_calls",
        "mock_delay",
        "cache",
        "caching",
        "ttl",
        "no-log",
        "drop_params",
        "additional_drop_params",
        "allowed_openai_params",
        "modify_params",
        "api_key",
        "api_base",
        "base_url",
        "api_version",
        "custom_llm_provider",
        "extra_headers",
        "headers",
        "extra_body",
        "prompt_id",
        "prompt_variables",
        "prompt_label",
        "prompt_version",
        "user_config",
        "model_list",
        "specific_deployment",
        "litellm_params",
        "policies",
    ]
)
"""Fields of a client's request that are said to the gateway, never to a provider."""


_ADDRESS = ("auth_token", "azure_ad_token", "base_model", "organization", "project")
"""What providers here read from a deployment to reach them."""
_SECTION = "model_list[].litellm_params"
_SECRET = re.compile(r"api_?key|secret|password|credential|auth|_token$")


class Params(Struct, frozen=True):
    """How the requests of one deployment are shaped."""

    defaults: dict[str, Any] = field(default_factory=dict)
    extra_body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    modify: bool = False
    dropped: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()
    renamed: dict[str, str] = field(default_factory=dict)


def read_params(deployment: Deployment, options: Mapping[str, Any], apart: Collection[str] = ()) -> Params:
    """Work out a deployment's request rules; its own word goes before the gateway-wide one.

    `apart` names what the provider reads for itself and what is no field of a request.
    """
    params = deployment.params
    headers: dict[str, str] = {}
    for name in ("headers", "extra_headers"):
        headers |= {str(key): str(value) for key, value in (params.get(name) or {}).items()}
    return Params(
        defaults={
            name: value
            for name, value in params.items()
            if value is not None and name not in apart and _in_body(name)
        },
        extra_body=dict(params.get("extra_body") or {}),
        headers=headers,
        drop=bool(params.get("drop_params", options.get("drop_params", False))),
        modify=bool(params.get("modify_params", options.get("modify_params", False))),
        dropped=tuple(params.get("additional_drop_params") or ()),
        allowed=frozenset(params.get("allowed_openai_params") or ()),
    )


def _in_body(name: str) -> bool:
    if name in BODY:
        return True
    known = name in GATEWAY or name in _ADDRESS or table().field(_SECTION, name) is not None
    return not known and not _SECRET.search(name)


def environment(options: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the environment that credentials may come from; the process's own if none is given."""
    found: Mapping[str, str] = options.get("environment", os.environ)
    return found


def drop(body: MutableMapping[str, Any], path: str) -> bool:
    """Take a field out of a body: by its name, or nested as in `tools[*].function.strict`."""
    head, _, tail = path.replace("[*]", ".*").replace("[", ".").replace("]", "").partition(".")
    if head not in body:
        return False
    if not tail:
        del body[head]
        return True
    value = body[head]
    raw = isinstance(value, Raw)
    inner = values.decode(value, head) if raw else value
    found = _drop_inside(inner, tail)
    if found and raw:
        body[head] = Raw(values.encode(inner))
    return found


def _drop_inside(value: Any, path: str) -> bool:
    head, _, tail = path.partition(".")
    if isinstance(value, list):
        chosen = range(len(value)) if head == "*" else [int(head)] if head.isdigit() else []
        # A list, not a generator: every item is to be changed, not the first one only.
        found = [_drop_inside(value[at], tail) for at in chosen if tail and at < len(value)]
        return any(found)
    if not isinstance(value, dict) or head not in value:
        return False
    if not tail:
        del value[head]
        return True
    return _drop_inside(value[head], tail)
