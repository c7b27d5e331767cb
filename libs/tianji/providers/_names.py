"""Reads a model's name in a config: `openai/gpt-4o` is the provider `openai` and its `gpt-4o`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tianji.errors import BadRequest
from tianji.providers._registry import FAMILY, names

_BARE = (
    (
        re.compile(
            r"^(?:gpt-|chatgpt-|o[134](?:-|$)|ft:|text-embedding-|text-moderation|omni-moderation|dall-e|tts-"
            r"|whisper-|davinci-|babbage-|codex-|computer-use-|sora-)"
        ),
        "openai",
    ),
    (re.compile(r"^claude-"), "anthropic"),
    (re.compile(r"^gemini-"), "gemini"),
    (re.compile(r"^command-"), "cohere"),
)
"""Names that say by themselves whose they are."""


def split_model(model: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """Return the provider's name and the model's name at the provider.

    `custom_llm_provider` in `params` goes first, then the prefix, then a name known by itself; a
    model with an `api_base` and no known prefix is at a server that speaks OpenAI's form.
    Raises BadRequest naming the nearest provider.
    """
    given = params.get("custom_llm_provider")
    prefix, slash, rest = model.partition("/")
    known = set(names())
    if isinstance(given, str) and given:
        if not _among(given, known):
            raise FAMILY.unknown(given, known)
        return given, rest if slash and prefix == given else model
    if slash and _among(prefix, known):
        return prefix, rest
    for pattern, provider in _BARE:
        if pattern.match(model):
            return provider, model
    if params.get("mock_response") is not None:
        return "mock", model
    if params.get("api_base") or params.get("base_url"):
        return "openai", model
    if slash:
        raise FAMILY.unknown(prefix, known)
    raise BadRequest(
        f"The model '{model}' names no provider; write it as provider/model, such as 'openai/{model}'",
        param="model",
        code="unknown_provider",
    )


def _among(name: str, known: set[str]) -> bool:
    """Say whether a provider is known, also by its module's spelling: `a-b` is `a_b`."""
    return name in known or name.replace("-", "_") in known
