"""What a function of the model is in the Responses API, which knows more kinds of tools than functions.

Tools in a namespace, custom tools whose input is free text, and tools of fixed form that the client
runs (a shell, a patch) all become plain functions for the model; its calls become again what the
client declared.
"""

from __future__ import annotations

import re

from msgspec import Struct, field

_LONGEST = 64
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]")


class Meant(Struct, frozen=True):
    """What the client declared under a function's name."""

    kind: str = "function"
    """`function`, `custom`, or the type of a tool with a form of its own, such as `local_shell`."""
    name: str = ""
    namespace: str | None = None


class Names(Struct):
    """The functions of one request, by the names that the model knows them by."""

    known: dict[str, Meant] = field(default_factory=dict)

    def add(self, meant: Meant) -> str:
        """Take in a tool and return the function's name."""
        name = function_name(meant.name, meant.namespace)
        self.known[name] = meant
        return name

    def meant(self, name: str) -> Meant:
        """Return what a function's name stands for."""
        return self.known.get(name) or Meant(name=name)


def function_name(name: str, namespace: object = None) -> str:
    """Return the name that a model knows a tool by."""
    if not isinstance(namespace, str) or not namespace:
        return name
    joined = f"{namespace}{name}" if namespace.endswith("__") else f"{namespace}__{name}"
    return _ILLEGAL.sub("_", joined)[-_LONGEST:]
