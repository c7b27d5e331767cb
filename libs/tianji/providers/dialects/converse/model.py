"""What a model behind Converse can do: told by its vendor, the price table and `model_info`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from tianji.pricing.lookup import price_of
from tianji.providers.dialects.anthropic.model import Model as Claude
from tianji.providers.dialects.anthropic.model import read_model as read_claude

CLAUDE, NOVA = "anthropic", "nova"
_AREA = re.compile(r"^(?:us|eu|apac|jp|au|ca|sa|in|global|us-gov)\.(?=[a-z0-9-]+\.)")
_WITHOUT_SYSTEM = re.compile(r"titan-text|mistral-7b|mixtral-8x7b|cohere\.command-(?:light-)?text|ai21\.j2")
_EFFORTS = {"openai": "reasoning_effort", "qwen": "reasoning_config"}


class Model(Struct, frozen=True):
    """The abilities that change how a request is written."""

    id: str
    family: str
    """The vendor, such as `anthropic` or `meta`; Amazon's own are `nova` and `titan`."""
    claude: Claude
    """What the vendor's own form says of thinking and sampling, where the vendor is Anthropic."""
    structured: bool = False
    """Keeps a JSON schema by itself."""
    chooses: bool = True
    """Can be forced to call a tool."""
    caches: bool = True
    caches_for_hours: bool = False
    prefill: bool = True
    """Goes on with a last turn of its own."""
    system: bool = True
    limits_calls: bool = False
    """Can be told to call one tool at a time."""
    pictures_in_results: bool = True
    effort_field: str | None = None
    """Where the vendor takes a plain reasoning effort."""

    @property
    def perhaps_claude(self) -> bool:
        """Whether it is Claude, or an ARN that does not tell and may well be."""
        return self.family in (CLAUDE, "")


def bare(model_id: str) -> str:
    """Return a model's id without the area that its inference profile is for, nor its ARN's beginning."""
    name = model_id.rpartition("/")[2] if model_id.startswith("arn:") else model_id
    return _AREA.sub("", name)


def family_of(model_id: str) -> str:
    """Return the vendor of a model; empty where its id does not tell (an ARN of one's own)."""
    name = bare(model_id)
    vendor, dot, rest = name.partition(".")
    if not dot:
        return ""
    if vendor == "amazon":
        return NOVA if rest.startswith("nova") else rest.partition("-")[0]
    return vendor


def read_model(model_id: str, known_as: str, overrides: Mapping[str, Any], *, family: str = "") -> Model:
    """Find what a model can do; one that nobody knows is believed to be able to.

    `known_as` is its name in tables, `overrides` are the deployment's parameters and its `model_info`.
    """
    known = price_of("bedrock", known_as, overrides)
    claude = structs.replace(read_claude("bedrock", known_as, overrides), name=model_id)
    structured = claude.structured_output or known.supports("bedrock_native_structured_output") is True
    family = family or family_of(known.name.rpartition("/")[2]) or family_of(model_id)
    told = bool(known.has)
    return Model(
        model_id,
        family,
        claude,
        structured=structured,
        chooses=(known.supports("tool_choice") is True or not told)
        and known.supports("forced_tool_use") is not False,
        caches=known.supports("prompt_caching") is True or not told,
        caches_for_hours=family == CLAUDE and known.known and "cache_write_1h" in known.rates(0),
        prefill=known.supports("assistant_prefill") is not False,
        system=not _WITHOUT_SYSTEM.search(bare(known_as)),
        limits_calls=family == CLAUDE and known.supports("parallel_tool_use_config") is True,
        pictures_in_results=known.supports("bedrock_converse_tool_result_images") is not False,
        effort_field=_EFFORTS.get(family),
    )
