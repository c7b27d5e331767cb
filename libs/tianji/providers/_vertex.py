"""Where a model stands on Vertex AI: hosts, projects, locations, publishers, endpoints."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

VERSION = "v1beta1"
"""The only one whose documentation has every field that is sent."""
_VERSIONED = re.compile(r"/v\d+(?:alpha|beta)?\d*(?=/|$)")
_WHOLE = ("/publishers/", "/endpoints/")
_MULTI_REGIONS = ("us", "eu")

Speech = Literal["gemini", "claude", "raw", "chat"]
"""Which format a model speaks: `raw` is a chat completion by the publisher's own method."""

_PUBLISHERS: tuple[tuple[re.Pattern[str], str, Speech], ...] = (
    (re.compile(r"^(?:anthropic/)?claude"), "anthropic", "claude"),
    (
        re.compile(r"^(?:mistralai/)?(?:mistral|ministral|codestral|magistral|devstral|pixtral)"),
        "mistralai",
        "raw",
    ),
    (re.compile(r"^(?:ai21/)?jamba"), "ai21", "raw"),
    (re.compile(r"^google/gemini|^gemini"), "google", "gemini"),
)
_NUMBER = re.compile(r"^(?:(gemini|openai)/)?(\d+)$")
_PREFIX = re.compile(r"^publishers/([^/]+)/models/")


class Place(Struct, frozen=True):
    """Where requests go."""

    project: str
    location: str
    base: str = ""
    """A proxy's address, with or without the path that Vertex AI has itself."""

    def root(self) -> str:
        """Return the address up to the location."""
        base = self.base or host(self.location)
        if "/projects/" in base:
            return base
        if not _VERSIONED.search(base):
            base = f"{base}/{VERSION}"
        if not self.project:
            return base
        return f"{base}/projects/{quote(self.project, safe=':{}')}/locations/{quote(self.location)}"

    def of(self, path: str) -> str:
        """Return the address of a model or an endpoint; a base that names one is taken as it is."""
        return self.base if any(part in self.base for part in _WHOLE) else f"{self.root()}/{path}"


class Offer(Struct, frozen=True):
    """A model as Vertex AI offers it."""

    speech: Speech
    path: str
    """Below the location, without the method."""
    name: str
    """As the body names it, where it does."""


def host(location: str) -> str:
    """Return the address of Vertex AI for a location."""
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def offer_of(model: str) -> Offer:
    """Find out how a model is offered, by the name that a config gives it.

    Numbers are endpoints of one's own: tuned Gemini models, or others after `openai/`.
    """
    if number := _NUMBER.match(model):
        speech: Speech = "chat" if number[1] == "openai" else "gemini"
        return Offer(speech, f"endpoints/{number[2]}", number[2])
    model = _PREFIX.sub(r"\1/", model)
    for pattern, publisher, speech in _PUBLISHERS:
        if pattern.match(model):
            name = model.removeprefix(f"{publisher}/")
            return Offer(speech, f"publishers/{publisher}/models/{quote(name, safe='@')}", name)
    if "/" in model:
        return Offer("chat", "endpoints/openapi", model)
    if model.startswith("llama"):
        return Offer("chat", "endpoints/openapi", f"meta/{model}")
    return Offer("gemini", f"publishers/google/models/{quote(model, safe='@')}", model)
