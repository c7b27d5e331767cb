"""Which models refuse a request that asks them to think.

Coding agents ask every model for it. OpenAI's clients name `reasoning_effort` of their own accord, so
that a refusal tells them something; in other formats it is a wish that most models cannot be told.
"""

from __future__ import annotations

from tianji.pricing.price import Price
from tianji.providers.dialects.openai_chat.reasoning_models import reasons

_REFUSING = frozenset(
    (
        "anthropic",
        "azure",
        "bedrock",
        "cerebras",
        "codestral",
        "cohere",
        "cohere_chat",
        "groq",
        "mistral",
        "openai",
        "xai",
    )
)
"""Providers that answer 400, and whose thinking models the price table knows."""


def refuses_thinking(provider: str, price: Price) -> bool:
    """Say whether a model is known not to think, at a provider that refuses to be asked for it."""
    if provider not in _REFUSING or not price.name:
        return False
    return not price.supports("reasoning") and not reasons(price.name.rpartition("/")[2])
