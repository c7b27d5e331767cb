"""Azure OpenAI: OpenAI's models behind deployment names, API versions and Azure's own credentials."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import Params, environment, read_params
from tianji.providers._responses_only import only_responses, without_prefix
from tianji.providers.auth import azure
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.quirks import refusing
from tianji.providers.dialects.openai_chat.reasoning_models import suit_model
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.providers.dialects.responses.upstream import ResponsesUpstream, beside

DEFAULT_VERSION = "2025-02-01-preview"
_UNDATED = ("v1", "latest", "preview")
"""Versions of the API without a date: paths as OpenAI has them, the model in the body."""
_FIRST_RESPONSES = "2025-03-01"
"""The first dated version with the Responses API; for older ones the undated path serves it."""
_MARKS = ("o_series/", "gpt5_series/")
"""What a config writes before a deployment's name to say which kind of model it is."""

PROFILE = Profile(
    title="Azure OpenAI",
    page="https://learn.microsoft.com/azure/ai-foundry/openai/reference",
    example="azure/my-deployment",
    settings=(
        Setting(
            "api_base",
            "the resource, such as https://name.openai.azure.com",
            ("AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"),
            required=True,
        ),
        Setting("api_version", "the version of the API", ("AZURE_API_VERSION",), default=DEFAULT_VERSION),
        Setting("api_key", "the key", ("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"), secret=True),
        *azure.SETTINGS,
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision audio json_object json_schema reasoning server_tools"
        " logprobs several seed stop responses"
    ),
    notes=(
        "What a deployment itself names goes before the environment, and there a key before tokens. Tokens of"
        " Entra ID are fetched with `tenant_id`, `client_id` and `client_secret`, with a user's name and"
        " password, or with a token of another cloud (`azure_ad_token: oidc/…`); the identity of the machine"
        " is used where `litellm_settings.enable_azure_ad_token_refresh` is on."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of Azure OpenAI."""
    rules = read_params(deployment, options, [setting.name for setting in PROFILE.settings])
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    base = said["api_base"]
    name, kind = _name(deployment)
    who = azure.access(said, deployment, options)
    headers = {"content-type": "application/json"}
    if who.token:
        headers["authorization"] = f"Bearer {who.token}"
    elif who.key:
        headers["api-key"] = who.key

    def suit(body: MutableMapping[str, Any], rules: Params) -> list[str]:
        return suit_model(kind, body, rules)

    headers |= rules.headers
    responses = responses_url(base, said["api_version"])
    if only_responses(deployment, kind):
        return ResponsesUpstream(
            "azure", name, responses, headers, rules, who.secret, kind, authorize=who.authorize
        )
    upstream = ChatUpstream(
        provider="azure",
        model=name,
        url=chat_url(base, name, said["api_version"]),
        headers=headers,
        params=rules,
        secret=who.secret,
        quirks=(suit, without_foreign, refusing(("top_k",))),
        authorize=who.authorize,
    )
    if not deployment.params.get("use_chat_completions_api"):
        beside(upstream, responses)
    return upstream


def chat_url(base: str, name: str, version: str) -> str:
    """Return the address of a deployment's chat completions.

    `base` is what stands before `/openai/`; longer forms that Azure's pages show are taken too.
    """
    root, after, version = _taken_apart(base, version)
    if version in _UNDATED:
        return f"{root}/openai/v1/chat/completions{_asked(version)}"
    if after.startswith("/deployments/"):
        name = after.split("/")[2] or name
    return f"{root}/openai/deployments/{quote(name, safe='')}/chat/completions?api-version={quote(version)}"


def responses_url(base: str, version: str) -> str:
    """Return the address of a resource's Responses API, which takes the deployment's name in the body."""
    root, _, version = _taken_apart(base, version)
    if version in _UNDATED or version < _FIRST_RESPONSES:
        return f"{root}/openai/v1/responses{_asked(version)}"
    return f"{root}/openai/responses?api-version={quote(version)}"


def _taken_apart(base: str, version: str) -> tuple[str, str, str]:
    """Return what stands before `/openai`, what behind it, and the version, `v1` where the path says so."""
    parts = urlsplit(base)
    before, _, after = parts.path.partition("/openai")
    version = parse_qs(parts.query).get("api-version", [version])[0]
    if after.startswith("/v1") and version not in _UNDATED:
        version = "v1"
    return f"{parts.scheme}://{parts.netloc}{before.rstrip('/')}", after, version


def _asked(version: str) -> str:
    return f"?api-version={version}" if version in ("latest", "preview") else ""


def _name(deployment: Deployment) -> tuple[str, str]:
    """Return a deployment's name at Azure, and a model's name that says what it is."""
    name = without_prefix(deployment.model)
    for mark in _MARKS:
        if name.startswith(mark):
            return name.removeprefix(mark), "o1" if mark == "o_series/" else "gpt-5"
    known = deployment.info.get("base_model") or deployment.params.get("base_model")
    return name, str(known or name)
