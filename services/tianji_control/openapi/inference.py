"""The gateway's own paths: which there are, in whose format. What they take is the format's business."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tianji_control.openapi.schemas import Schema


class Format(Struct, frozen=True):
    """A client format: where it is described, and how its errors look."""

    name: str
    error: Schema
    described: str


def _texts(*names: str) -> Schema:
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
    }


_OPENAI_ERROR: Schema = {
    "type": "object",
    "properties": {"error": {"$ref": "#/components/schemas/ErrorBody"}},
    "required": ["error"],
}
_ANTHROPIC_ERROR: Schema = {
    "type": "object",
    "properties": {"type": {"const": "error"}, "error": _texts("type", "message")},
    "required": ["type", "error"],
}
_GOOGLE_ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "status": {"type": "string"},
                "details": {"type": "array", "items": {"type": "object"}},
            },
            "required": ["code", "message", "status"],
        }
    },
    "required": ["error"],
}

CHAT = Format("chat completions", _OPENAI_ERROR, "https://platform.openai.com/docs/api-reference/chat")
RESPONSES = Format("responses", _OPENAI_ERROR, "https://platform.openai.com/docs/api-reference/responses")
MESSAGES = Format("messages", _ANTHROPIC_ERROR, "https://docs.anthropic.com/en/api/messages")
GOOGLE = Format("generate content", _GOOGLE_ERROR, "https://ai.google.dev/api/generate-content")
MODELS = Format("models", _OPENAI_ERROR, "https://platform.openai.com/docs/api-reference/models")


class Served(Struct, frozen=True):
    """A path of the gateway."""

    method: str
    path: str
    format: Format
    summary: str
    streams: bool = False


_GOOGLE_ROOTS = (
    *("/v1beta", "/v1", "/v1alpha", ""),
    *(
        f"/{version}{project}/publishers/{{publisher}}"
        for version in ("v1", "v1beta1")
        for project in ("/projects/{project}/locations/{location}", "")
    ),
)
_CHATS = (
    "/v1/chat/completions",
    "/chat/completions",
    "/engines/{model}/chat/completions",
    "/openai/deployments/{model}/chat/completions",
)
_RESPONSES = ("/v1/responses", "/responses", "/openai/v1/responses")

SERVED: tuple[Served, ...] = (
    *(Served("POST", path, CHAT, "Create a chat completion", streams=True) for path in _CHATS),
    Served("POST", "/v1/messages", MESSAGES, "Create a message", streams=True),
    Served("POST", "/v1/messages/count_tokens", MESSAGES, "Count the tokens of a message"),
    *(Served("POST", path, RESPONSES, "Create a response", streams=True) for path in _RESPONSES),
    *(Served("GET", path, RESPONSES, "Create responses over a WebSocket") for path in _RESPONSES),
    *(
        Served("POST", f"{path}/input_tokens", RESPONSES, "Count the tokens of a response's input")
        for path in ("/v1/responses", "/responses")
    ),
    *(
        Served("POST", f"{root}/models/{{model}}:{verb}", GOOGLE, summary, streams=verb.startswith("stream"))
        for root in _GOOGLE_ROOTS
        for verb, summary in (
            ("generateContent", "Generate content"),
            ("streamGenerateContent", "Generate content as a stream"),
            ("countTokens", "Count the tokens of contents"),
        )
    ),
    *(Served("GET", f"{root}/models", MODELS, "List the models of the caller") for root in ("/v1", "")),
    *(Served("GET", f"{root}/models/{{model}}", MODELS, "Show a model") for root in ("/v1", "")),
    *(Served("GET", f"/{v}/models", GOOGLE, "List the models of the caller") for v in ("v1beta", "v1alpha")),
    *(Served("GET", f"/{v}/models/{{model}}", GOOGLE, "Show a model") for v in ("v1beta", "v1alpha")),
    Served("GET", "/health", MODELS, "Tell how the deployments are"),
)

_STATUSES = {
    "400": "The request is not valid in this format.",
    "401": "No key, or one that is unknown, expired or blocked.",
    "403": "The key may not use this model or path.",
    "404": "There is no such model.",
    "413": "The body is too large.",
    "429": "A limit or a budget is reached, here or at the provider.",
    "500": "The gateway failed.",
    "502": "The provider failed.",
    "503": "No deployment is ready to answer.",
    "504": "The provider did not answer in time.",
}


def operation(served: Served, id: str, security: list[Any]) -> Schema:
    """Describe a path of the gateway."""
    body: Schema = {"type": "object"}
    content: Schema = {"application/json": {"schema": body}}
    good = dict(content)
    if served.streams:
        good["text/event-stream"] = {"schema": {"type": "string"}}
    errors = {
        status: {"description": words, "content": {"application/json": {"schema": served.format.error}}}
        for status, words in _STATUSES.items()
    }
    names = [part.partition("}")[0] for part in served.path.split("{")[1:]]
    described: Schema = {
        "operationId": id,
        "tags": ["inference"],
        "summary": served.summary,
        "externalDocs": {"url": served.format.described},
        "security": security,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in names
        ],
        "responses": {"200": {"description": "The answer.", "content": good}, **errors},
    }
    if served.method == "POST":
        described["requestBody"] = {"required": True, "content": content}
    return described
