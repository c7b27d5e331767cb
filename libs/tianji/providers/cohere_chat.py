"""Cohere under the other name that LiteLLM's configs have for it."""

from msgspec import structs

from tianji.providers import cohere

PROFILE = structs.replace(cohere.PROFILE, example="cohere_chat/command-a-03-2025")
bind = cohere.bind
