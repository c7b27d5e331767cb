"""Vertex AI by another name, which LiteLLM gave it once."""

from tianji.providers.vertex_ai import PROFILE, bind

__all__ = ["PROFILE", "bind"]
