"""Providers: one module each, found by its name, or a row of `table.toml`."""

from tianji.providers._names import split_model
from tianji.providers._registry import bind, names, profile, provider

__all__ = ["bind", "names", "profile", "provider", "split_model"]
