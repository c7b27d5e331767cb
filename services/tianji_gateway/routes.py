"""The one table of data-plane paths; everything that is not on it belongs to the control plane."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct
from starlette.routing import compile_path

from tianji.errors import NotImplementedYet, TianjiError
from tianji.wire.front import Front
from tianji_gateway.endpoints import chat, generate_content, health, messages, models, responses
from tianji_gateway.endpoints.contract import Endpoint
from tianji_gateway.forward import forward

Methods = Mapping[str, Endpoint]

_GOOGLE_ROOTS = (
    "/v1beta",
    "/v1",
    "/v1alpha",
    "",
    *(
        f"/{version}{project}/publishers/{{publisher}}"
        for version in ("v1", "v1beta1")
        for project in ("/projects/{project}/locations/{location}", "")
    ),
)
"""Where Google's clients find models: those of Gemini's API, and those of Vertex AI."""

_GOOGLE: Mapping[str, Methods] = {
    f"{root}/models/{{model:path}}{verb}": {"POST": endpoint}
    for root in _GOOGLE_ROOTS
    for verb, endpoint in zip(
        generate_content.VERBS,
        (generate_content.generate, generate_content.stream, generate_content.count_tokens),
        strict=True,
    )
}

_RESPONSES: Methods = {"POST": responses.create, "GET": responses.open_socket}

HERE: Mapping[str, Methods] = {
    "/v1/chat/completions": {"POST": chat.completions},
    "/chat/completions": {"POST": chat.completions},
    "/engines/{model:path}/chat/completions": {"POST": chat.completions},
    "/openai/deployments/{model:path}/chat/completions": {"POST": chat.completions},
    "/v1/messages": {"POST": messages.create},
    "/v1/messages/count_tokens": {"POST": messages.count_tokens},
    "/v1/responses": _RESPONSES,
    "/responses": _RESPONSES,
    "/openai/v1/responses": _RESPONSES,
    "/v1/responses/input_tokens": {"POST": responses.count_tokens},
    "/responses/input_tokens": {"POST": responses.count_tokens},
    **_GOOGLE,
    "/v1/models": {"GET": models.listed},
    "/models": {"GET": models.listed},
    "/v1/models/{model:path}": {"GET": models.one},
    "/models/{model:path}": {"GET": models.one},
    "/v1beta/models": {"GET": models.listed_for_google},
    "/v1alpha/models": {"GET": models.listed_for_google},
    "/v1beta/models/{model:path}": {"GET": models.one_for_google},
    "/v1alpha/models/{model:path}": {"GET": models.one_for_google},
    "/health": {"GET": health.deployments},
    "/health/liveliness": {"GET": health.alive},
    "/health/liveness": {"GET": health.alive},
    "/health/readiness": {"GET": health.ready},
    "/metrics": {"GET": health.prometheus},
}

NOT_YET = (
    "/a2a",
    "/anthropic",
    "/assemblyai",
    "/assistants",
    "/audio",
    "/azure",
    "/azure_ai",
    "/batches",
    "/bedrock",
    "/cohere",
    "/completions",
    "/containers",
    "/embeddings",
    "/engines",
    "/eu.assemblyai",
    "/files",
    "/fine_tuning",
    "/gemini",
    "/images",
    "/interactions",
    "/langfuse",
    "/mcp",
    "/mcp-rest",
    "/mistral",
    "/moderations",
    "/ocr",
    "/openai",
    "/openai_passthrough",
    "/openrouter",
    "/queue/chat/completions",
    "/rag",
    "/realtime",
    "/rerank",
    "/responses",
    "/search",
    "/threads",
    "/v1/a2a",
    "/v1/assistants",
    "/v1/audio",
    "/v1/batches",
    "/v1/completions",
    "/v1/containers",
    "/v1/embeddings",
    "/v1/evals",
    "/v1/files",
    "/v1/fine_tuning",
    "/v1/images",
    "/v1/indexes",
    "/v1/messages",
    "/v1/moderations",
    "/v1/ocr",
    "/v1/rag",
    "/v1/realtime",
    "/v1/rerank",
    "/v1/responses",
    "/v1/search",
    "/v1/skills",
    "/v1/threads",
    "/v1/vector_stores",
    "/v1/videos",
    "/v1beta",
    "/v2/rerank",
    "/vector_stores",
    "/vertex-ai",
    "/vertex_ai",
    "/videos",
    "/vllm",
    "/watsonx",
)
"""Where the inference paths begin that LiteLLM serves and this gateway does not."""


class Found(Struct):
    """What a path leads to."""

    endpoint: Endpoint
    template: str
    params: Mapping[str, str]
    quiet: bool
    """Whether its access line is written elsewhere, or nowhere: by the line, or for a probe."""


class _Pattern(Struct, frozen=True):
    template: str
    form: re.Pattern[str]
    methods: Methods


_QUIET = frozenset(
    {
        chat.completions,
        messages.create,
        responses.create,
        generate_content.generate,
        generate_content.stream,
        health.alive,
        health.ready,
        health.deployments,
        health.prometheus,
    }
)
_EXACT = {template: methods for template, methods in HERE.items() if "{" not in template}
_PATTERNS = tuple(
    _Pattern(template, compile_path(template)[0], methods)
    for template, methods in HERE.items()
    if "{" in template
)


def find(method: str, path: str) -> Found:
    """Return what serves a request. Raises for a wrong method, and for a path that is not there yet."""
    methods = _EXACT.get(path)
    if methods is not None:
        endpoint = _chosen(methods, method, path)
        return Found(endpoint, path, {}, endpoint in _QUIET)
    for pattern in _PATTERNS:
        if match := pattern.form.match(path):
            endpoint = _chosen(pattern.methods, method, path)
            return Found(endpoint, pattern.template, match.groupdict(), endpoint in _QUIET)
    if any(path == begin or path.startswith(begin + "/") for begin in NOT_YET):
        raise NotImplementedYet(f"{method} {path} is not served by this version of TianjiLLM")
    return Found(forward, "forwarded", {}, False)


def front_of(path: str) -> Front:
    """Return the format that errors of a path are written in."""
    if path.startswith(("/v1/responses", "/responses", "/openai/v1/responses")):
        return responses.FRONT
    if path.startswith(("/v1beta/", "/v1alpha/")) or path.endswith(generate_content.VERBS):
        return generate_content.FRONT
    return messages.FRONT if path.startswith(("/v1/messages", "/anthropic/")) else chat.FRONT


def _chosen(methods: Methods, method: str, path: str) -> Endpoint:
    endpoint = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
    if endpoint is None:
        allowed = ", ".join(methods)
        raise TianjiError(
            f"{path} takes {allowed}, not {method}",
            status=405,
            type="invalid_request_error",
            headers={"allow": allowed},
        )
    return endpoint
