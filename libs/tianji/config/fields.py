"""The table of fields a config may hold: `fields.tsv`, with `sections.toml` for what they share.

A feature that gets built flips its rows in `fields.tsv` from `later` to `works`; nothing else
decides whether a warning is given. A row named `field=value` says it of one value of a field.
"""

from __future__ import annotations

import difflib
import tomllib
from functools import cache
from importlib import resources
from typing import Literal

from msgspec import Struct

TOP = "(top)"
ENVIRONMENT = "environment_variables"
VALUE = "value"


class Field(Struct, frozen=True):
    """One field: its types, its default, whether it works yet, and what happens if not."""

    section: str
    name: str
    kinds: tuple[str, ...]
    default: str
    status: Literal["works", "later"]
    instead: str

    @property
    def required(self) -> bool:
        """Say whether its section is wrong without it."""
        return self.default == "required"

    @property
    def secret(self) -> bool:
        """Say whether its value must not be shown."""
        return "secret" in self.kinds


class Section(Struct, frozen=True):
    """What the fields of one section share; the nearest enclosing section that says it wins."""

    later: str = "it is ignored"
    unknown: str = "it is ignored"


class FieldTable:
    """All fields, by section and canonical name."""

    def __init__(self, fields: list[Field], sections: dict[str, Section]) -> None:
        self.sections: dict[str, dict[str, Field]] = {}
        self.values: dict[tuple[str, str], dict[str, Field]] = {}
        self._about = sections
        self._required: dict[str, list[str]] = {}
        for field in fields:
            if field.kinds == (VALUE,):
                name, _, value = field.name.partition("=")
                self.values.setdefault((field.section, name), {})[value] = field
                continue
            self.sections.setdefault(field.section, {})[field.name] = field
            if field.required:
                self._required.setdefault(field.section, []).append(field.name)

    def field(self, section: str, name: str) -> Field | None:
        """Find a field by its canonical name."""
        return self.sections.get(section, {}).get(name)

    def required(self, section: str) -> list[str]:
        """List the fields without which a section is wrong."""
        return self._required.get(section, [])

    def inner(self, section: str, name: str) -> str | None:
        """Name the section that describes what a field holds, if there is one.

        It ends in `[]` for the items of a list, in `.*` for a mapping with free names.
        """
        base = name if section == TOP else f"{section}.{name}"
        return next((s for s in (base, f"{base}[]", f"{base}.*") if s in self.sections), None)

    def about(self, section: str) -> Section:
        """Tell what the fields of a section share."""
        while section and section not in self._about:
            section = section.rpartition(".")[0]
        return self._about.get(section, Section())

    def nearest(self, section: str, name: str) -> str | None:
        """Find the known name that a misspelt one most likely stands for."""
        known = self.sections.get(section, {})
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        return close[0] if close else None

    def homes(self, name: str) -> list[str]:
        """List the main sections that know a name."""
        main = (TOP, "litellm_settings", "router_settings", "general_settings", "model_list[].litellm_params")
        return [section for section in main if self.field(section, name)]


@cache
def table() -> FieldTable:
    """Read the table that ships with the package."""
    here = resources.files("tianji.config")
    lines = here.joinpath("fields.tsv").read_text("utf-8").splitlines()[1:]
    about = tomllib.loads(here.joinpath("sections.toml").read_text("utf-8"))
    return FieldTable([_row(line) for line in lines], {name: Section(**text) for name, text in about.items()})


def _row(line: str) -> Field:
    cells = [*line.split("\t"), "", "", ""]
    section, name, kinds, default, status, instead = cells[:6]
    return Field(
        section, name, tuple(kinds.split("|")), default, "works" if status == "works" else "later", instead
    )
