"""What a scripted dialect must offer: read and refuse as the vendor does, answer in its words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tianji_testkit.scripted.script import Said, Seen


@dataclass
class Asked:
    """One request as it arrived, and how it ended."""

    dialect: str
    method: str
    path: str
    """What follows the dialect's own part of the address, decoded."""
    target: str
    """The whole path and query, as they were sent."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    json: Any = None
    refused: str | None = None
    """Why the provider refused it."""


class Refused(Exception):
    """The provider says no: `what` is a sentence of the vendor's kind, the rest as its error has it."""

    def __init__(
        self,
        what: str,
        *,
        status: int = 400,
        type: str = "",
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        scripted: bool = False,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.headers = dict(headers or {})
        self.scripted = scripted
        """Whether the test asked for it."""


@dataclass(frozen=True)
class Shows:
    """What a dialect has words for."""

    thought: bool = False
    cached: bool = False
    reasoning: bool = False


@dataclass
class Reply:
    """An HTTP answer: whole, or in events that the server cuts at odd places."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    events: list[bytes] = field(default_factory=list)


class Dialect(Protocol):
    """One vendor's API."""

    name: str
    shows: Shows
    stream_type: str
    """The media type of its streams."""

    def serves(self, path: str) -> bool:
        """Say whether a path is one of the API's."""

    def read(self, asked: Asked) -> Seen:
        """Check a request as the vendor would. Raises Refused, for a path that is not served too."""

    def streams(self, asked: Asked) -> bool:
        """Say whether a stream was asked for."""

    def whole(self, said: Said, asked: Asked) -> bytes:
        """Write a whole answer."""

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Write the events of a stream."""

    def refusal(self, refused: Refused) -> Reply:
        """Write an error."""

    def failure(self, name: str) -> Refused:
        """Return how the vendor words a failure: auth, rate_limit, context, policy, overloaded."""

    def broken(self, refused: Refused) -> bytes:
        """Write an error as an event of a stream."""


def sse(data: bytes, event: str | None = None) -> bytes:
    """Write one server-sent event."""
    head = b"event: " + event.encode() + b"\n" if event else b""
    return head + b"data: " + data + b"\n\n"


def fresh(asked: Asked) -> str:
    """Return what tells the answers to different requests apart: clients put together what has one id."""
    return hashlib.sha256(asked.body).hexdigest()[:24]


def names(text: str) -> frozenset[str]:
    """Read names that are parted by spaces."""
    return frozenset(text.split())


def bearer(asked: Asked, key: str) -> bool:
    """Say whether a request carries the key as a bearer token."""
    return asked.headers.get("authorization") == f"Bearer {key}"


def pieces_of(text: str) -> list[str]:
    """Cut a text into deltas."""
    sizes, at = (3, 9, 1, 14), 0
    out: list[str] = []
    while at < len(text):
        size = sizes[len(out) % len(sizes)]
        out.append(text[at : at + size])
        at += size
    return out
