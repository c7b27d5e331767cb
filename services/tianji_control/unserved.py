"""LiteLLM's admin paths that TianjiLLM does not serve, and why: `unserved.txt`.

A line that begins with `=` says why not; under it stand paths, each with its methods. What a resource
begins to serve is taken out: `docs/reference/admin-routes.md` has the whole list, and a test keeps
them in step.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from msgspec import Struct
from starlette.routing import compile_path


class Unserved(Struct, frozen=True):
    """One path that is not there."""

    path: str
    methods: frozenset[str]
    reason: str


def why_not(path: str, method: str | None = None) -> str | None:
    """Say why a path of LiteLLM's is not served, with one method or with any; None where it is not such."""
    for entry in (*_exact().get(path.rstrip("/"), ()), *_matching(path)):
        if method is None or method in entry.methods:
            return entry.reason
    return None


@cache
def all_unserved() -> tuple[Unserved, ...]:
    """Read the file."""
    found: list[Unserved] = []
    reason = ""
    lines = resources.files("tianji_control").joinpath("unserved.txt").read_text("utf-8").splitlines()
    for line in filter(None, lines):
        if line.startswith("="):
            reason = line[1:].strip()
        else:
            methods, path = line.split()
            found.append(Unserved(path, frozenset(methods.split(",")), reason))
    return tuple(found)


def _matching(path: str) -> list[Unserved]:
    patterns = _patterns().get(_first(path), ())
    return [entry for pattern, entry in patterns if pattern.match(path)]


@cache
def _exact() -> dict[str, tuple[Unserved, ...]]:
    return {entry.path.rstrip("/"): (entry,) for entry in all_unserved() if "{" not in entry.path}


@cache
def _patterns() -> dict[str, list[tuple[re.Pattern[str], Unserved]]]:
    """Return the paths with parameters by their first segment."""
    patterns: dict[str, list[tuple[re.Pattern[str], Unserved]]] = {}
    for entry in all_unserved():
        if "{" in entry.path:
            patterns.setdefault(_first(entry.path), []).append((compile_path(entry.path)[0], entry))
    return patterns


def _first(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else path
