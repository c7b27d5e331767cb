"""Vertex AI by another name, which LiteLLM gave it once."""

from msgspec import structs

from tianji.providers import vertex_ai

PROFILE = structs.replace(
    vertex_ai.PROFILE, title="Google Vertex AI (beta)", example="vertex_ai_beta/gemini-2.5-pro"
)
bind = vertex_ai.bind
