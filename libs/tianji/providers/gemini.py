"""Gemini on Google AI Studio: the Gemini API with a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import environment, read_params
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.gemini.model import model_of
from tianji.providers.dialects.gemini.upstream import GeminiUpstream

BASE = "https://generativelanguage.googleapis.com"
VERSION = "v1beta"
_VERSIONED = re.compile(r"/v\d+(?:alpha|beta)?\d*$")

PROFILE = Profile(
    title="Google AI Studio (Gemini)",
    page="https://ai.google.dev/api/generate-content",
    example="gemini/gemini-2.5-flash",
    settings=(
        Setting("api_base", "where the API is", ("GEMINI_API_BASE",), default=BASE),
        Setting("api_key", "the key", ("GEMINI_API_KEY", "GOOGLE_API_KEY"), secret=True),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision documents audio audio_out video json_object"
        " json_schema reasoning citations server_tools logprobs several seed stop generate_content"
    ),
    notes=(
        "Pictures and files that are named by an address are fetched by Google: public addresses, its own"
        " Files API and YouTube. Google's own tools are asked for in its words, such as"
        ' `"tools": [{"googleSearch": {}}]`, also in a chat request; so are `safetySettings`,'
        " `cachedContent` and the fields of `generationConfig`."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> GeminiUpstream:
    """Bind a deployment of the Gemini API."""
    rules = read_params(deployment, options)
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    key = said.get("api_key", "")
    headers = {"content-type": "application/json"}
    if key:
        headers["x-goog-api-key"] = key
    base_model = deployment.info.get("base_model") or deployment.params.get("base_model")
    return GeminiUpstream(
        provider="gemini",
        model=model_of(deployment.model, str(base_model) if base_model else None),
        url=model_url(said["api_base"], deployment.model),
        headers=headers | rules.headers,
        params=rules,
        secret=key,
    )


def model_url(base: str, model: str) -> str:
    """Return the address of a model; a `base` that names the API's version or the model is taken too."""
    if "/models/" in base or "/tunedModels/" in base:
        return base
    place = base if _VERSIONED.search(base) else f"{base}/{VERSION}"
    kind = "" if model.startswith(("models/", "tunedModels/")) else "models/"
    return f"{place}/{kind}{quote(model, safe='/@')}"
