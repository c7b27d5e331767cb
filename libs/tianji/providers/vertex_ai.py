"""Vertex AI: Gemini, Claude and the models of other publishers on Google Cloud."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers import _credentials
from tianji.providers._params import Params, environment, read_params
from tianji.providers._vertex import Offer, Place, offer_of
from tianji.providers.auth.google import PROJECT, Authorize, bearer
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.anthropic.model import read_model
from tianji.providers.dialects.anthropic.upstream import MessagesUpstream
from tianji.providers.dialects.gemini.model import model_of
from tianji.providers.dialects.gemini.upstream import GeminiUpstream
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream

CLAUDE_VERSION = "vertex-2023-10-16"
_REGION, _GLOBAL = "us-central1", "global"
_KEYLESS = "GOOGLE_APPLICATION_CREDENTIALS"

PROFILE = Profile(
    title="Google Vertex AI",
    page="https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
    example="vertex_ai/gemini-2.5-pro",
    settings=(
        Setting("api_base", "a proxy in front of Vertex AI", ("VERTEXAI_API_BASE",)),
        Setting(
            "vertex_project",
            "the project; that of the credentials where it is not said",
            ("VERTEXAI_PROJECT", "VERTEX_PROJECT", "GOOGLE_CLOUD_PROJECT"),
        ),
        Setting(
            "vertex_location",
            "the location, such as us-east5 or global",
            ("VERTEXAI_LOCATION", "VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION"),
        ),
        Setting(
            "vertex_credentials",
            "credentials as JSON, or the path of a file with them; else the application default credentials",
            ("VERTEXAI_CREDENTIALS", "VERTEX_CREDENTIALS", _KEYLESS),
            secret=True,
        ),
        Setting("api_key", "a key instead of credentials (express mode)", secret=True),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision documents audio audio_out video json_object"
        " json_schema reasoning citations server_tools logprobs several seed stop generate_content messages"
    ),
    notes=(
        "`gemini-…` speaks Google's format, `claude-…` Anthropic's, `mistral-…` and `jamba-…` chat"
        " completions by their publishers' method; a name with a publisher, such as"
        " `meta/llama-4-scout-17b-16e-instruct-maas`, goes to the endpoint for open models. A number is an"
        " endpoint of your own: a tuned Gemini, or after `openai/` a model that speaks chat completions."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of Vertex AI."""
    rules = read_params(deployment, options)
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    source, key = said.get("vertex_credentials", "").strip(), said.get("api_key", "")
    headers = {"content-type": "application/json"}
    authorize: Authorize | None = None
    if key and not source:
        headers["x-goog-api-key"] = key
    else:
        _admit(deployment, source)
        authorize = bearer("vertex_ai", source)
    offer = offer_of(deployment.model)
    place = Place(_project(said, source, key), _location(said, offer), said.get("api_base", ""))
    return _upstream(deployment, offer, place, headers | rules.headers, rules, authorize, key)


def _upstream(
    deployment: Deployment,
    offer: Offer,
    place: Place,
    headers: dict[str, str],
    rules: Params,
    authorize: Authorize | None,
    key: str,
) -> Upstream:
    url = place.of(offer.path)
    if offer.speech == "gemini":
        known_as = deployment.info.get("base_model") or deployment.params.get("base_model")
        model = model_of(offer.name, str(known_as) if known_as else None)
        return GeminiUpstream("vertex_ai", model, url, headers, rules, key, authorize)
    if offer.speech == "claude":
        return MessagesUpstream(
            provider="vertex_ai",
            model=read_model("vertex_ai", offer.name, deployment.params | deployment.info),
            url=f"{url}:rawPredict",
            stream_url=f"{url}:streamRawPredict",
            headers=headers,
            params=rules,
            secret=key,
            authorize=authorize,
            version=CLAUDE_VERSION,
        )
    raw = offer.speech == "raw"
    return ChatUpstream(
        provider="vertex_ai",
        model=offer.name.partition("@")[0],
        url=f"{url}:rawPredict" if raw else f"{url}/chat/completions",
        stream_url=f"{url}:streamRawPredict" if raw else "",
        headers=headers,
        params=rules,
        secret=key,
        asks_usage=not raw,
        authorize=authorize,
    )


def _location(said: Mapping[str, str], offer: Offer) -> str:
    """Return the location; the newest Gemini models are offered everywhere or nowhere in particular."""
    newest = offer.speech == "gemini" and model_of(offer.name).generation >= 3
    return said.get("vertex_location") or (_GLOBAL if newest else _REGION)


def _project(said: Mapping[str, str], source: str, key: str) -> str:
    """Return the project; only a key needs none."""
    found = said.get("vertex_project") or _project_in(source)
    return found or ("" if key and not source else PROJECT)


def _project_in(source: str) -> str:
    """Read the project out of credentials."""
    if not source:
        return ""
    if not source.startswith("{"):
        try:
            source = Path(source).read_text()
        except (OSError, UnicodeDecodeError):
            return ""
    try:
        found = msgspec.json.decode(source)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadRequest("vertex_credentials: not valid JSON", param="vertex_credentials") from None
    named = found.get("project_id") or found.get("quota_project_id") if isinstance(found, dict) else None
    return named if isinstance(named, str) else ""


def _admit(deployment: Deployment, source: str) -> None:
    """Refuse what would read this machine's files, or send its credentials, where an API call said."""
    if deployment.source == "file":
        return
    if not deployment.params.get("vertex_credentials") and not _credentials.chosen_by_call(deployment):
        return
    try:
        found = msgspec.json.decode(source)
    except (msgspec.DecodeError, ValueError, RecursionError):
        found = None
    kind = found.get("type") if isinstance(found, dict) else None
    if kind not in ("service_account", "authorized_user"):
        raise BadRequest(
            "vertex_credentials: a deployment that is not of the config file needs the JSON of a service"
            " account or a user: it may not read files, or send this machine's credentials elsewhere",
            param="vertex_credentials",
        )
