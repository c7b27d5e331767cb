"""Answers of a given form, asked for in words: for providers that cannot promise one here."""

from __future__ import annotations

import msgspec
from msgspec import structs

from tianji.wire.neutral import Ask, Shape, Text, Turn

ONLY_JSON = "Answer with one JSON object and nothing else: no prose around it, no code fence."


def in_words(shape: Shape) -> str:
    """Return what a model is told of the form."""
    words = ONLY_JSON
    if shape.description:
        words = f"{words}\n{shape.description}"
    if shape.schema is not None:
        words = f"{words}\nIt must keep to this JSON Schema:\n{msgspec.json.encode(shape.schema).decode()}"
    return words


def instruct(ask: Ask, shape: Shape) -> Ask:
    """Return a request whose instructions tell the form; the client's own is left as it is."""
    if shape.kind == "text":
        return ask
    turns = list(ask.turns)
    at = next((n for n, turn in enumerate(turns) if turn.role not in ("system", "developer")), len(turns))
    turns.insert(at, Turn("system", [Text(in_words(shape))]))
    return structs.replace(ask, turns=turns, shape=None)
