"""Cohere under the other name that LiteLLM's configs have for it."""

from tianji.providers.cohere import PROFILE, bind

__all__ = ["PROFILE", "bind"]
