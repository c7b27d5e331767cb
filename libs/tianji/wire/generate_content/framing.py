"""How the pieces of a stream are set apart: as server-sent events, or as the elements of one JSON array."""

from __future__ import annotations

from typing import Protocol


class Framing(Protocol):
    """Sets pieces apart."""

    media_type: str
    keep_alive: bytes
    """What may stand between any two pieces. Google's own SDK for Python takes no comments for such."""

    def piece(self, data: bytes) -> bytes:
        """Return a piece as it goes over the wire."""

    def end(self) -> bytes:
        """Return what ends a stream."""


class Events:
    """Server-sent events (`alt=sse`)."""

    media_type = "text/event-stream"
    keep_alive = b"\n"

    def piece(self, data: bytes) -> bytes:
        """Return an event."""
        return b"data: " + data + b"\r\n\r\n"

    def end(self) -> bytes:
        """Return nothing: the stream just ends."""
        return b""


class Elements:
    """Elements of one array that is written as they come; one of these per request.

    What is written after an end begins anew: then nobody was sent what was ended, an error of a
    deployment in whose place another one is asked.
    """

    media_type = "application/json"
    keep_alive = b"\n"

    def __init__(self) -> None:
        self._begun = False

    def piece(self, data: bytes) -> bytes:
        """Return an element, with what parts it from the one before."""
        before = b",\r\n" if self._begun else b"["
        self._begun = True
        return before + data

    def end(self) -> bytes:
        """Return the end of the array."""
        begun, self._begun = self._begun, False
        return b"]" if begun else b"[]"
