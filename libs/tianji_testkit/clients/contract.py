"""What each client offers: a conversation that remembers what was said, in its SDK's own objects."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tianji_testkit.scripted.script import Tokens

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "The city."},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": ["integer", "null"]},
    },
    "required": ["city"],
    "additionalProperties": False,
}
"""The schema of the tool as generators of schemas write it, with more than some providers take."""
TOOL, DESCRIPTION = "get_weather", "Get the weather of a city."
SHAPE: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "celsius": {"type": "integer"}},
    "required": ["city", "celsius"],
    "additionalProperties": False,
}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@dataclass(frozen=True)
class Picture:
    """A small picture, in base64."""

    data: str = PNG
    media_type: str = "image/png"

    @property
    def url(self) -> str:
        """Return it as a data URL."""
        return f"data:{self.media_type};base64,{self.data}"


@dataclass(frozen=True)
class Called:
    """A call as the application got it."""

    id: str | None
    name: str
    arguments: dict[str, Any]
    signature: Any = None
    """Where the format has a field of its own for it."""


@dataclass
class Heard:
    """One answer, in words that all formats share."""

    text: str = ""
    thought: str = ""
    calls: list[Called] = field(default_factory=list)
    finish: str = ""
    """`calls`, `stop`, or the format's own word for anything else."""
    usage: Tokens | None = None


@dataclass(frozen=True)
class Wishes:
    """What an application asks for with each request."""

    stream: bool = False
    rebuilt: bool = False
    """Whether it keeps only texts, ids, names and arguments, and builds its turns from these."""
    thinks: bool = False
    tools: bool = True
    forced: bool = False
    shaped: bool = False
    system: str | None = "Be brief."


def object_of(arguments: str) -> dict[str, Any]:
    """Return arguments as an object; an empty one where they are none."""
    found = json.loads(arguments) if arguments else {}
    return found if isinstance(found, dict) else {}


class Client(ABC):
    """One conversation by one SDK."""

    errors: dict[str, type[Exception]]
    """The exception that each kind of failure should arrive as."""

    def __init__(self, sdk: Any, model: str, wishes: Wishes) -> None:
        self.sdk, self.model, self.wishes = sdk, model, wishes

    @staticmethod
    @abstractmethod
    def connect(url: str, key: str) -> Any:
        """Return the SDK's client; it may serve many conversations."""

    @staticmethod
    async def disconnect(sdk: Any) -> None:
        """Close the SDK's connections."""
        await sdk.close()

    async def ask(self, *said: str | Picture) -> Heard:
        """Say something as the user, and return what the model says."""
        self.say(*said)
        return await self.send()

    @abstractmethod
    def say(self, *said: str | Picture) -> None:
        """Add a turn of the user's, without sending it."""

    @abstractmethod
    def answer(self, results: Sequence[tuple[Called, str | Picture]]) -> None:
        """Add the results of tools, without sending them."""

    @abstractmethod
    def reply(self, text: str) -> None:
        """Add a turn of the assistant's that it never said; it may be empty."""

    @abstractmethod
    def recall(self, id: str, arguments: str) -> None:
        """Add a call that was made elsewhere. Formats of objects take no other arguments."""

    @abstractmethod
    def instruct(self, text: str) -> None:
        """Add an instruction in the middle of the conversation, where the format has such a turn."""

    @abstractmethod
    async def send(self) -> Heard:
        """Send the conversation, keep the answer in it and return it."""

    @abstractmethod
    def message_of(self, error: Exception) -> str:
        """Return the message that the format's error body holds."""
