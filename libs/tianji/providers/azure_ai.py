"""Azure AI Foundry: models of many vendors at one resource, and models with an endpoint of their own."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import Params, environment, read_params
from tianji.providers._responses_only import only_responses, without_prefix
from tianji.providers.anthropic import VERSION as CLAUDE_VERSION
from tianji.providers.auth import azure as entra
from tianji.providers.azure import DEFAULT_VERSION, chat_url
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.anthropic.model import read_model
from tianji.providers.dialects.anthropic.upstream import MessagesUpstream
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import system_for_developer, text_for_parts
from tianji.providers.dialects.openai_chat.reasoning_models import suit_model
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.providers.dialects.responses.upstream import ResponsesUpstream, beside

_VERSION = "2024-05-01-preview"
_FOUNDRY, _OPENAI = ".services.ai.azure.com", ".openai.azure.com"
_SERVERLESS = (".inference.ai.azure.com", ".models.ai.azure.com", ".inference.ml.azure.com")
_CHAT = "/chat/completions"
_ROUTER = "model_router/"
"""What a config writes before the name of a deployment that chooses among models."""

PROFILE = Profile(
    title="Azure AI Foundry",
    page="https://learn.microsoft.com/azure/ai-foundry/foundry-models/how-to/use-chat-completions",
    example="azure_ai/grok-4",
    settings=(
        Setting(
            "api_base",
            "the resource, such as https://name.services.ai.azure.com, or a model's own endpoint",
            ("AZURE_AI_API_BASE",),
            required=True,
        ),
        Setting("api_version", "the version of the API", ("AZURE_AI_API_VERSION",)),
        Setting("api_key", "the key", ("AZURE_AI_API_KEY",), secret=True),
        *entra.SETTINGS,
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision audio json_object json_schema reasoning logprobs"
        " seed stop responses messages"
    ),
    notes=(
        "Claude is spoken to in Anthropic's own format, at `/anthropic/v1/messages`. A resource"
        " (`services.ai.azure.com`) is asked at `/models/chat/completions`, any other address at"
        " `/chat/completions`. Tokens of Entra ID are fetched as for `azure`."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of Azure AI Foundry."""
    rules = read_params(deployment, options, [setting.name for setting in PROFILE.settings])
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    base, name = said["api_base"], without_prefix(deployment.model).removeprefix(_ROUTER)
    who = entra.access(said, deployment, options)
    claude = "claude" in name.lower()
    headers = {"content-type": "application/json"} | _shown(who, base, claude=claude)
    if claude:
        return MessagesUpstream(
            provider="azure_ai",
            model=read_model("azure_ai", name, deployment.params | deployment.info),
            url=messages_url(base),
            headers=headers | {"anthropic-version": CLAUDE_VERSION} | rules.headers,
            params=rules,
            secret=who.secret,
            authorize=who.authorize,
        )
    headers |= rules.headers
    kind = str(deployment.info.get("base_model") or deployment.params.get("base_model") or name)
    responses = responses_url(base)
    if responses and only_responses(deployment, kind):
        return ResponsesUpstream(
            "azure_ai", name, responses, headers, rules, who.secret, kind, authorize=who.authorize
        )

    def suit(body: MutableMapping[str, Any], rules: Params) -> list[str]:
        return suit_model(kind, body, rules)

    upstream = ChatUpstream(
        provider="azure_ai",
        model=name,
        url=completions_url(base, name, said.get("api_version", "")),
        headers=headers,
        params=rules,
        secret=who.secret,
        quirks=(suit, system_for_developer, text_for_parts, without_foreign),
        authorize=who.authorize,
    )
    if responses and not deployment.params.get("use_chat_completions_api"):
        beside(upstream, responses)
    return upstream


def completions_url(base: str, name: str, version: str) -> str:
    """Return the address of chat completions; longer forms of `base` are taken too."""
    parts = urlsplit(base)
    host, path = parts.hostname or "", parts.path.rstrip("/").removesuffix(_CHAT)
    if host.endswith(_OPENAI) or "/openai/deployments" in path:
        return chat_url(base, name, version or DEFAULT_VERSION)
    query = dict(parse_qsl(parts.query))
    if path.endswith("/openai/v1"):
        version = ""
    elif host.endswith(_FOUNDRY):
        path = path if path.endswith("/models") else f"{path}/models"
        version = version or _VERSION
    if version:
        query.setdefault("api-version", version)
    asked = f"?{urlencode(query)}" if query else ""
    return f"{parts.scheme}://{parts.netloc}{path}{_CHAT}{asked}"


def responses_url(base: str) -> str:
    """Return the address of the Responses API; empty where a model's own endpoint has none."""
    parts = urlsplit(base)
    host, path = parts.hostname or "", parts.path.rstrip("/").removesuffix(_CHAT)
    if host.endswith(_SERVERLESS):
        return ""
    root = f"{parts.scheme}://{parts.netloc}"
    if host.endswith((_FOUNDRY, _OPENAI)):
        return f"{root}/openai/v1/responses"
    return f"{root}{path}/responses"


def messages_url(base: str) -> str:
    """Return the address of Anthropic's Messages; longer forms of `base` are taken too."""
    parts = urlsplit(base)
    path = parts.path.rstrip("/")
    for ending in ("/messages", "/v1", "/anthropic", "/models"):
        path = path.removesuffix(ending)
    return f"{parts.scheme}://{parts.netloc}{path}/anthropic/v1/messages"


def _shown(who: entra.Access, base: str, *, claude: bool) -> dict[str, str]:
    """Return the header that shows who asks; only resources of Azure take a key by its own name."""
    if who.token:
        return {"authorization": f"Bearer {who.token}"}
    if not who.key:
        return {}
    host = urlsplit(base).hostname or ""
    if claude or host.endswith((_FOUNDRY, _OPENAI)):
        return {"api-key": who.key}
    return {"authorization": f"Bearer {who.key}"}
