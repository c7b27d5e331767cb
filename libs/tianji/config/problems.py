"""What is wrong with a config: where, how bad, and in words."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal

import msgspec
from msgspec import Struct

Severity = Literal["error", "warning"]


class Place(Struct, frozen=True):
    """A position in a file; line and column count from 1, 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0


class Problem(Struct, frozen=True):
    """One finding; an error keeps the config from being used, a warning does not."""

    severity: Severity
    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        subject = f" {self.path}:" if self.path else ""
        return f"{where}: {self.severity}:{subject} {self.message}"


class Problems:
    """Collects problems; what repeats itself is told once, with the number of places."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._seen: dict[Hashable, int] = {}
        self._repeats: dict[int, int] = {}

    def error(self, place: Place, path: str, message: str) -> None:
        """Note a fault that keeps the config from being used."""
        self._found.append(Problem("error", place.file, place.line, place.column, path, message))

    def warn(self, place: Place, path: str, message: str, *, once: Hashable = None) -> None:
        """Note a warning; a second one with the same `once` only adds to the first one's count."""
        if once is not None:
            if once in self._seen:
                first = self._seen[once]
                self._repeats[first] = self._repeats.get(first, 0) + 1
                return
            self._seen[once] = len(self._found)
        self._found.append(Problem("warning", place.file, place.line, place.column, path, message))

    def seen(self, once: Hashable) -> bool:
        """Say whether a warning with this `once` was noted already."""
        return once in self._seen

    def listed(self) -> list[Problem]:
        """List all problems, file by file and from top to bottom."""
        files = list(dict.fromkeys(found.file for found in self._found))
        told = [self._with_repeats(at, found) for at, found in enumerate(self._found)]
        return sorted(told, key=lambda found: (files.index(found.file), found.line, found.column))

    def _with_repeats(self, at: int, found: Problem) -> Problem:
        more = self._repeats.get(at)
        return (
            msgspec.structs.replace(found, message=f"{found.message} ({more} more like this)")
            if more
            else found
        )
