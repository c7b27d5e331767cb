"""What a Claude model can do, as the price table and the deployment's `model_info` tell it."""

from __future__ import annotations

from msgspec import Struct

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
