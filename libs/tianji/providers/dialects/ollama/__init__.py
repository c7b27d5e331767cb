"""Ollama's own API: chat, and `generate` for deployments that name its path."""
