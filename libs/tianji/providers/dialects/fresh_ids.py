"""Ids for tool calls of providers that give none: clients send results back by them."""

from __future__ import annotations

from uuid import uuid4


def call_id() -> str:
    """Return an id that no other call has."""
    return f"call_{uuid4().hex[:24]}"
