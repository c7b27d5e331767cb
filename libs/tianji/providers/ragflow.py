"""RAGFlow: its chats and agents, each at an address of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers._compatible import connect, settings
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import system_for_developer, text_for_parts
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream

PROFILE = Profile(
    title="RAGFlow",
    page="https://ragflow.io/docs/dev/http_api_reference",
    example="ragflow/chat/my-chat-id/my-model",
    settings=settings("http://localhost:9380", ("RAGFLOW_API_BASE",), ("RAGFLOW_API_KEY",)),
    supports=features("stream citations"),
    notes="A model is `chat/<id>/<model>` or `agent/<id>/<model>`, with the id of a chat or an agent there.",
)

_KINDS = {"chat": "chats_openai", "agent": "agents_openai"}


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of a chat or an agent. Raises BadRequest for a name that tells of neither."""
    kind, _, rest = deployment.model.partition("/")
    identity, _, model = rest.partition("/")
    if kind not in _KINDS or not identity or not model:
        raise BadRequest(
            f"ragflow: '{deployment.model}' names no chat and no agent; write chat/<id>/<model> or"
            " agent/<id>/<model>",
            param="model",
        )
    return connect(
        PROFILE,
        deployment,
        options,
        path=f"/api/v1/{_KINDS[kind]}/{identity}/chat/completions",
        model=model,
        quirks=(system_for_developer, without_foreign, text_for_parts),
    )
