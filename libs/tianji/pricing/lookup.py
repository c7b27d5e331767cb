"""Find the price of a deployment: by LiteLLM's naming conventions, then the config's own prices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tianji.pricing.catalog import Catalog, Entry, shipped
from tianji.pricing.price import Price, bands_of, split_key
from tianji.pricing.spellings import abilities_from, limit_from, rates_from

SAME_PROVIDER = {
    "anthropic_text": "anthropic",
    "azure_text": "azure",
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
    "sagemaker_chat": "sagemaker",
    "text-completion-codestral": "codestral",
    "text-completion-openai": "openai",
    "vertex_ai_beta": "vertex_ai",
}
_BEDROCK_WAYS = ("converse/", "invoke/", "converse_like/")
_RESPONSES = ("openai", "azure")
_BEDROCK_AREA = re.compile(r"(?:us|eu|apac|jp|au|ca|sa|global|us-gov)\.(?=[a-z0-9-]+\.)")
_BEDROCK_PLACE = re.compile(r"^[a-z]{2,4}(?:-[a-z]+)+-\d+/")
_BEDROCK_PROFILE = re.compile(r"arn:[^/]+:inference-profile/([a-z0-9.:-]+)$")
_EDITION = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|latest|default)$")
_DAY = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8})")

_PROMPT_RATES = {"input", "cache_read", "cache_write", "cache_write_1h", "cache_write_12h", "input_audio"}
_ANSWER_RATES = {"output", "reasoning", "output_audio", "output_image_token"}


def price_of(
    provider: str,
    upstream_model: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    catalog: Catalog | None = None,
) -> Price:
    """Find what a deployment's model costs.

    `overrides` are the deployment's `litellm_params` and `model_info`, merged: `base_model` names
    the model to look up, `aws_region_name` chooses regional prices, and prices, limits, `mode` and
    `supports_*` replace the table's. A model that neither the table nor the config prices comes
    back with `known` false, though perhaps with limits and abilities.
    Called when a snapshot is built, not per request.
    """
    catalog = catalog or shipped()
    overrides = overrides or {}
    entry = _entry_of(catalog, provider, upstream_model, overrides)
    own = rates_from(overrides)
    rates = _overridden(entry.rates if entry else {}, own)
    has, lacks = abilities_from(overrides)
    return Price(
        known=bool(rates),
        name=entry.model if entry else "",
        provider=entry.provider if entry else provider,
        mode=_mode(entry, overrides),
        version=catalog.version + ("+config" if own else ""),
        max_input_tokens=limit_from(overrides, "max_input_tokens") or (entry.max_input if entry else None),
        max_output_tokens=limit_from(overrides, "max_output_tokens") or (entry.max_output if entry else None),
        bands=bands_of(rates),
        has=frozenset(has | (set(entry.has if entry else ()) - lacks)),
        lacks=frozenset(lacks | (set(entry.lacks if entry else ()) - has)),
    )


def mode_of(provider: str, upstream_model: str, overrides: Mapping[str, Any]) -> str:
    """Find only what a model is for, such as `chat` or `responses`; empty where nobody says."""
    return _mode(_entry_of(shipped(), provider, upstream_model, overrides), overrides)


def _mode(entry: Entry | None, overrides: Mapping[str, Any]) -> str:
    return str(overrides.get("mode") or (entry.mode if entry else ""))


def _entry_of(catalog: Catalog, provider: str, model: str, overrides: Mapping[str, Any]) -> Entry | None:
    base_model, region = overrides.get("base_model"), overrides.get("aws_region_name")
    return _sought(
        catalog,
        provider,
        model,
        base_model if isinstance(base_model, str) else "",
        region if isinstance(region, str) else "",
    )


@lru_cache(maxsize=1024)
def _sought(catalog: Catalog, provider: str, model: str, base_model: str, region: str) -> Entry | None:
    """Seek an entry; kept, since a thousand deployments may be of a handful of models."""
    if base_model:
        entry = catalog.find(base_model) or catalog.find(f"{provider}/{base_model}")
        if entry is not None:
            return entry
        model = base_model
    for name in _candidates(provider, model, region):
        entry = catalog.find(name)
        if entry is not None and (name.startswith(f"{provider}/") or _serves(entry, provider)):
            return entry
    return _latest(catalog, provider, model)


def _candidates(provider: str, model: str, region: str) -> Iterator[str]:
    """List the names to try, the most exact one first."""
    for spelling in _spellings(provider, model):
        if region:
            yield f"{provider}/{region}/{spelling}"
        yield f"{provider}/{spelling}"
        house = _house(provider)
        if house != provider:
            yield f"{house}/{spelling}"
        yield spelling


def _spellings(provider: str, model: str) -> Iterator[str]:
    if _house(provider) == "bedrock":
        for way in _BEDROCK_WAYS:
            model = model.removeprefix(way)
        if (profile := _BEDROCK_PROFILE.search(model)) is not None:
            model = profile.group(1)
    if _house(provider) in _RESPONSES:
        model = model.removeprefix("responses/")  # names the format, not the model
    yield model
    if _house(provider) == "bedrock" and (placeless := _BEDROCK_PLACE.sub("", model)) != model:
        yield placeless
        model = placeless
    if model.startswith("ft:"):
        yield ":".join(model.split(":")[:2])
        return
    if (anywhere := _BEDROCK_AREA.sub("", model, count=1)) != model:
        yield anywhere
    if (undated := _EDITION.sub("", model)) != model:
        yield undated


def _latest(catalog: Catalog, provider: str, model: str) -> Entry | None:
    """Find the newest dated edition of a model that is asked for without a date."""
    base = _EDITION.sub("", model)
    for stem in (f"{provider}/{base}", base):
        editions = [name for name in catalog.names(stem) if _DAY.fullmatch(name, len(stem))]
        entry = catalog.find(max(editions)) if editions else None
        if entry is not None and (stem != base or _serves(entry, provider)):
            return entry
    return None


def _serves(entry: Entry, provider: str) -> bool:
    """Tell whether an entry with a bare name is about this provider's offer of the model."""
    return _house(entry.provider) == _house(provider)


def _house(provider: str) -> str:
    """Name the provider behind LiteLLM's finer names, such as `vertex_ai-anthropic_models`."""
    for prefix in ("vertex_ai-", "fireworks_ai-"):
        if provider.startswith(prefix):
            return prefix.rstrip("-")
    return SAME_PROVIDER.get(provider, provider)


def _overridden(table: Mapping[str, Decimal], own: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Put the config's rates over the table's.

    A rate of one's own replaces the table's in all bands and tiers, and one for the prompt or the
    answer also the rates that the table derives from it: cached tokens of a model with an agreed
    input price cost that price unless the config says otherwise.
    """
    replaced = {split_key(key)[0] for key in own}
    if "input" in replaced:
        replaced |= _PROMPT_RATES
    if "output" in replaced:
        replaced |= _ANSWER_RATES
    return {key: rate for key, rate in table.items() if split_key(key)[0] not in replaced} | dict(own)
