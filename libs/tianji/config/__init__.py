"""Reads `proxy_config.yaml`: every file, every field, every problem at once."""

from tianji.config.entries import CredentialEntry, ModelEntry
from tianji.config.load import Loaded, load, parse
from tianji.config.problems import Problem
from tianji.config.references import Reference, as_written, revealed, without_secrets

__all__ = [
    "CredentialEntry",
    "Loaded",
    "ModelEntry",
    "Problem",
    "Reference",
    "as_written",
    "load",
    "parse",
    "revealed",
    "without_secrets",
]
