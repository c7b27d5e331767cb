"""What a Claude model can do, as the price table and the deployment's `model_info` tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tianji.pricing.lookup import price_of

DEFAULT_MAX_TOKENS = 4096


class Model(Struct, frozen=True):
    """The abilities that change how a request is written."""

    name: str
    max_tokens: int = DEFAULT_MAX_TOKENS
    """What is asked for where the client names no limit; the format demands one."""
    adaptive_thinking: bool = False
    budget_thinking: bool = True
    output_config: bool = False
    """Takes `output_config.effort`."""
    structured_output: bool = False
    sampling: bool = True
    """Takes temperature, top_p and top_k."""
    system_anywhere: bool = False
    """Takes system messages between the others."""
    listed: bool = False
    """Whether the price table knows the model: only then it is known what it lacks."""


def read_model(provider: str, name: str, overrides: Mapping[str, Any]) -> Model:
    """Find what a model can do; `overrides` are the deployment's parameters and its `model_info`."""
    known = price_of(provider, name, overrides)
    adaptive = known.supports("adaptive_thinking") is True
    return Model(
        name,
        max_tokens=known.max_output_tokens or DEFAULT_MAX_TOKENS,
        adaptive_thinking=adaptive,
        budget_thinking=not adaptive or known.supports("legacy_thinking") is True,
        output_config=known.supports("output_config") is True,
        structured_output=known.supports("native_structured_output") is True,
        sampling=known.supports("sampling_params") is not False,
        system_anywhere=known.supports("mid_conversation_system") is True,
        listed=bool(known.name),
    )
