"""Upstream formats: each translates between the neutral form and what providers speak."""
