"""The paths of LiteLLM's proxy that TianjiLLM does not serve yet: `unserved.txt`, one a line.

A path that a resource begins to serve may stay in the file: the table of routes goes first.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from starlette.routing import compile_path


def is_unserved(path: str) -> bool:
    """Say whether LiteLLM serves this path; asked for paths that nothing here serves."""
    exact, patterns = _paths()
    bare = path.rstrip("/")
    if path in exact or bare in exact:
        return True
    return any(pattern.match(path) for pattern in patterns.get(_first(path), ()))


@cache
def _paths() -> tuple[frozenset[str], dict[str, list[re.Pattern[str]]]]:
    """Read the file; patterns are kept by their first segment."""
    lines = resources.files("tianji_control").joinpath("unserved.txt").read_text("utf-8").split()
    patterns: dict[str, list[re.Pattern[str]]] = {}
    for line in lines:
        if "{" in line:
            patterns.setdefault(_first(line), []).append(compile_path(line)[0])
    return frozenset(line for line in lines if "{" not in line), patterns


def _first(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else path
