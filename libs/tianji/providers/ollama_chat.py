"""Ollama under the name that LiteLLM's configs have for its chat."""

from msgspec import structs

from tianji.providers import ollama

PROFILE = structs.replace(ollama.PROFILE, example="ollama_chat/llama3.2")
bind = ollama.bind
