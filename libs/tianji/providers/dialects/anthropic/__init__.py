"""Anthropic's Messages as the provider speaks them; also spoken behind other clouds."""
