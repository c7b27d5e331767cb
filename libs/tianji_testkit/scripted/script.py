"""What the scripted model says: the same conversation in every dialect, chosen by what it was asked.

A dialect reads a request into a `Seen` (or refuses it), the script turns that into a `Said`, and the
dialect writes it in its own words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WEATHER = "How is the weather in Paris and London?"
WARMER = "Which of the two is warmer?"
THOUGHT = "Two cities, so I ask twice – naïvely, in one go. ☁️"
WARMER_TEXT = "Paris is warmer: 18 °C against 12 °C ☀️."
SHAPED = '{"city": "Paris", "celsius": 18}'
FAIL = "fail with "
"""A user's text that begins so makes the provider fail in the way that it names."""
_ARGUMENTS: Mapping[str, Any] = {"city": "Paris", "celsius": 18}


@dataclass(frozen=True)
class Tokens:
    """What an answer took, as one would bill it: cached lies within input, reasoning within output."""

    input: int
    output: int
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Call:
    """The model asks for a tool; `number` tells the calls of a conversation apart."""

    name: str
    arguments: dict[str, Any]
    number: int = 0


@dataclass(frozen=True)
class Result:
    """What a tool gave back, as the provider understood it: which call it answers, and its text."""

    name: str
    arguments: Mapping[str, Any]
    text: str


@dataclass
class Seen:
    """What a dialect found in a request."""

    said: str = ""
    """The text that the user said last."""
    system: str = ""
    results: list[Result] = field(default_factory=list)
    """The results that the request ends with."""
    tools: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Names and schemas."""
    forced: str | None = None
    """The tool that must be called; an empty name leaves the choice to the model."""
    shape: Mapping[str, Any] | None = None
    """The schema that the answer must have; empty for any object."""
    images: list[str] = field(default_factory=list)
    """The media types of the pictures in the last turn."""
    thinks: bool = False
    """Whether the request lets the model show what it thinks."""


@dataclass(frozen=True)
class Said:
    """One turn of the model."""

    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()
    tokens: Tokens = field(default=Tokens(input=120, output=30, cached=40, reasoning=12))


def play(seen: Seen) -> Said:
    """Return what the model answers."""
    if seen.results:
        found = "; ".join(sorted(f"{one.arguments.get('city')}: {one.text}" for one in seen.results))
        besides = f" You said: {seen.said}" if seen.said else ""
        return Said(f"I looked – {found}.{besides}", tokens=Tokens(input=210, output=25, cached=120))
    if seen.forced is not None:
        return Said(calls=(Call(seen.forced or next(iter(seen.tools)), _fitting(seen)),))
    if seen.shape is not None:
        return Said(SHAPED)
    if seen.images:
        return Said("I see " + ", ".join(seen.images) + ".")
    if WEATHER in seen.said and "get_weather" in seen.tools:
        calls = (Call("get_weather", {"city": "Paris"}, 1), Call("get_weather", {"city": "London"}, 2))
        return Said(thought=THOUGHT if seen.thinks else "", calls=calls)
    if WARMER in seen.said:
        return Said(WARMER_TEXT, tokens=Tokens(input=260, output=20, cached=200))
    return Said(f"You said: {seen.said} (system: {seen.system})")


def wanted_failure(seen: Seen) -> str | None:
    """Return the name of the failure that the user asked for, such as `rate_limit`."""
    found = re.match(re.escape(FAIL) + r"(\w+)", seen.said)
    return found[1] if found else None


def seal(*what: object) -> str:
    """Sign what a provider must recognise when it comes back."""
    text = "\x1f".join(str(one) for one in what)
    return hashlib.sha256(text.encode()).hexdigest()


def _fitting(seen: Seen) -> dict[str, Any]:
    """Return arguments that the schema of the forced tool asks for."""
    schema = seen.tools.get(seen.forced or next(iter(seen.tools)), {})
    wanted: Mapping[str, Any] = schema.get("properties") or {}
    return {name: value for name, value in _ARGUMENTS.items() if name in wanted}
