"""Watches, in tests, that admin paths take and give what they declare."""

from __future__ import annotations

import msgspec

from tianji_control.call import Guarded, Text


class Undeclared(AssertionError):
    """A handler does what its path does not declare."""


class Strict:
    """Fails the request whose handler takes or gives what its path does not declare."""

    def took(self, route: Guarded, place: str, kind: type[msgspec.Struct]) -> None:
        """Compare what a handler reads with the declaration."""
        declared = getattr(route, place)
        if declared is not kind:
            raise Undeclared(f"{_name(route)} declares {place}={declared}, its handler reads {kind}")

    def gave(self, route: Guarded, answer: bytes) -> None:
        """Hold a good answer against the declared type."""
        if route.gives is None or isinstance(route.gives, Text):
            raise Undeclared(f"{_name(route)} declares gives={route.gives}, its handler answers with JSON")
        try:
            msgspec.json.decode(answer, type=route.gives)
        except msgspec.ValidationError as fault:
            raise Undeclared(f"{_name(route)} answers {answer[:2000]!r}: {fault}") from fault


def _name(route: Guarded) -> str:
    return f"{route.method} {route.path}"
