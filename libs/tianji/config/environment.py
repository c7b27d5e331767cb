"""The section `environment_variables`: names that a config sets for the whole system."""

from __future__ import annotations

from collections.abc import Collection

from tianji.config.check import Checker
from tianji.config.fields import ENVIRONMENT, Field
from tianji.config.kinds import kind_of
from tianji.config.references import Reference
from tianji.config.spellings import canonical
from tianji.config.tree import Entry, Node
from tianji.settings import Secret

_TEXT = Field(ENVIRONMENT, "", ("secret",), "", "works", "")


def read_variables(section: Entry | None, checker: Checker) -> dict[str, Secret]:
    """Read the variables; any scalar will do, and a reference takes what the process has."""
    if section is None or section.node.value is None:
        return {}
    if not isinstance(section.node.value, dict):
        given = kind_of(section.node.value)
        checker.problems.error(section.node.place, section.name, f"must be a mapping, not {given}")
        return {}
    values: dict[str, Secret] = {}
    for name, entry in section.node.entries.items():
        path, node = f"{section.name}.{name}", entry.node
        if isinstance(node.value, dict | list):
            checker.problems.error(node.place, path, f"must be text, not {kind_of(node.value)}")
            continue
        if node.value is None:
            continue
        found = checker.scalar(Node(node.text, node.place, node.text), _TEXT, name, path)
        if isinstance(found, Reference):
            found = found.value
        if isinstance(found, Secret):
            values[name] = found
    return values


def judge_variables(section: Entry | None, values: Collection[str], checker: Checker) -> None:
    """Warn of variables that nothing reads: neither a reference of this config nor a feature."""
    if section is None:
        return
    about = checker.table.about(ENVIRONMENT)
    for name, entry in section.node.entries.items():
        if name not in values or name in checker.referenced:
            continue
        path = f"{section.name}.{name}"
        field = checker.table.field(ENVIRONMENT, name) or checker.table.field(ENVIRONMENT, canonical(name))
        if field is None:
            near = checker.table.nearest(ENVIRONMENT, name)
            hint = f"; did you mean {near}?" if near else ""
            checker.problems.warn(entry.place, path, f"is not a known variable: {about.unknown}{hint}")
        elif field.status == "later":
            checker.problems.warn(entry.place, path, f"is not supported yet: {field.instead or about.later}")
