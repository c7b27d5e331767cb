"""Deployments, which LiteLLM's API calls models."""
