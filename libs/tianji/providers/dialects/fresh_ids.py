"""Ids where a provider gives none: of tool calls, by which clients send results back, and of answers."""

from __future__ import annotations

from uuid import uuid4


def call_id() -> str:
    """Return an id that no other call has."""
    return f"call_{uuid4().hex[:24]}"


def answer_id() -> str:
    """Return an id for an answer."""
    return f"chatcmpl-{uuid4().hex}"
