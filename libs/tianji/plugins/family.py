"""Finds an extension by its name: a module of a package, or an entry point of another one.

A family is a package such as `tianji.providers`. Each module in it is one extension, called as
its file is (`a-b` in a config is the file `a_b.py`); names that begin with an underscore,
`contract` and folders are the family's own inside. Other distributions add members by entry
points in the group called like the package. Nothing is imported until a member is asked for.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from tianji.errors import BadRequest


class Family:
    """The extensions of one kind."""

    def __init__(self, package: str, contract_name: str) -> None:
        """`contract_name` says in errors what the members are: `provider`."""
        self._package = package
        self._contract_name = contract_name
        self._found: dict[str, EntryPoint | None] | None = None
        self._loaded: dict[str, Any] = {}

    @property
    def names(self) -> list[str]:
        """The names of all members, in alphabetical order."""
        return sorted(self._listed())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._spelling(name) is not None

    def load(self, name: str) -> Any:
        """Return the member called `name`, importing it if this is its first use."""
        if name not in self._loaded:
            spelling = self._spelling(name)
            if spelling is None:
                raise self.unknown(name, self._listed())
            point = self._listed()[spelling]
            self._loaded[name] = (
                importlib.import_module(f"{self._package}.{spelling}") if point is None else point.load()
            )
        return self._loaded[name]

    def _spelling(self, name: str) -> str | None:
        """Return a member's name as it is listed."""
        listed = self._listed()
        return next((one for one in (name, name.replace("-", "_")) if one in listed), None)

    def unknown(self, name: str, known: Any) -> BadRequest:
        """Return the error for a name that is not known, with the nearest one that is."""
        near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        return BadRequest(
            f"Unknown {self._contract_name} '{name}'{hint}", code=f"unknown_{self._contract_name}"
        )

    def _listed(self) -> dict[str, EntryPoint | None]:
        if self._found is None:
            package: ModuleType = importlib.import_module(self._package)
            found: dict[str, EntryPoint | None] = {
                module.name: None
                for module in pkgutil.iter_modules(package.__path__)
                if not module.ispkg and not module.name.startswith("_") and module.name != "contract"
            }
            for point in entry_points(group=self._package):
                found.setdefault(point.name, point)
            self._found = found
        return self._found
