"""Walks a located tree beside the table of fields: values out, problems noted."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from tianji.config.fields import TOP, Field, FieldTable
from tianji.config.kinds import Mismatch, accepts, asked_for, fit, kind_of
from tianji.config.problems import Place, Problems
from tianji.config.references import Reference, find_reference, holds_secret
from tianji.config.spellings import canonical
from tianji.config.tree import Entry, Node
from tianji.settings import Secret

UNDESCRIBED = Field("", "", ("any",), "", "works", "")


class Checker:
    """Turns nodes into plain values in canonical spelling, noting every problem on the way.

    Secrets come out as `Secret`, references as `Reference`; `referenced` gathers their names.
    """

    def __init__(self, table: FieldTable, problems: Problems, environ: Mapping[str, str]) -> None:
        self.table = table
        self.problems = problems
        self.environ = environ
        self.referenced: set[str] = set()

    def section(self, node: Node, section: str, path: str, *, dormant: bool = False) -> dict[str, Any]:
        """Check a mapping that `section` describes; in a dormant one nothing works anyhow."""
        if not isinstance(node.value, dict):
            if node.value is not None:
                self.problems.error(node.place, path, f"must be a mapping, not {kind_of(node.value)}")
            return {}
        values: dict[str, Any] = {}
        for name, entry in joined(node, self.problems, path).items():
            where = f"{path}.{entry.name}" if path else entry.name
            field = self.table.field(section, name)
            if field is None:
                self.unknown(section, entry, name, where)
                values[name] = self.value(entry.node, UNDESCRIBED, name, where)
                continue
            asleep = dormant or self.asleep(field, entry, where)
            values[name] = self.field(entry.node, field, where, dormant=asleep)
            if not asleep:
                self.one_value(field, values[name], entry, where)
        self.missing(section, values, node.place, path)
        return values

    def field(self, node: Node, field: Field, path: str, *, dormant: bool) -> Any:
        """Check one field's value, going down into what the table describes."""
        inner = self.table.inner(field.section, field.name)
        if inner is None or not isinstance(node.value, list | dict):
            return self.value(node, field, field.name, path)
        if not accepts(field.kinds, type(node.value)):
            return self.mismatch(node, field, path)
        if inner.endswith("[]") and isinstance(node.value, list):
            return [
                self.section(item, inner, f"{path}[{at}]", dormant=dormant)
                for at, item in enumerate(node.value)
            ]
        if inner.endswith(".*"):
            return {
                name: self.section(entry.node, inner, f"{path}.{name}", dormant=dormant)
                for name, entry in node.entries.items()
            }
        if isinstance(node.value, dict) and not inner.endswith("[]"):
            return self.section(node, inner, path, dormant=dormant)
        return self.value(node, field, field.name, path)

    def value(self, node: Node, field: Field, name: str, path: str) -> Any:
        """Check a value that has no described parts."""
        if isinstance(node.value, list):
            if not accepts(field.kinds, list):
                return self.mismatch(node, field, path)
            item = (
                Field("", "", ("string",), "", "works", "") if "list[string]" in field.kinds else UNDESCRIBED
            )
            return [self.value(part, item, name, f"{path}[{at}]") for at, part in enumerate(node.value)]
        if isinstance(node.value, dict):
            if not accepts(field.kinds, dict):
                return self.mismatch(node, field, path)
            return {
                part: self.value(entry.node, UNDESCRIBED, part, f"{path}.{part}")
                for part, entry in node.entries.items()
            }
        return self.scalar(node, field, name, path)

    def scalar(self, node: Node, field: Field, name: str, path: str) -> Any:
        """Check one scalar; resolve it when it is a reference, hide it when it is a secret."""
        if isinstance(node.value, str) and (reference := find_reference(node.value, self.environ)):
            return self.reference(node, reference, field, path)
        try:
            value = fit(node.value, node.text, field.kinds)
        except Mismatch:
            return self.mismatch(node, field, path)
        if isinstance(value, str) and (field.secret or holds_secret(name)):
            return Secret(value)
        return value.isoformat() if isinstance(value, datetime.date) else value

    def reference(self, node: Node, reference: Reference, field: Field, path: str) -> Reference:
        """Resolve a reference and hold its value against the field's kinds."""
        self.referenced.update(reference.names)
        for name in reference.names:
            if name not in self.environ:
                self.unset(node.place, name, field, path)
        if not isinstance(reference.value, Secret):
            return reference
        text = reference.value.reveal()
        try:
            value = fit(text, text, field.kinds)
        except Mismatch as wanted:
            self.problems.error(node.place, path, f"{reference.text} does not hold {wanted}")
            return Reference(reference.text, reference.names)
        return reference if isinstance(value, str) else Reference(reference.text, reference.names, value)

    def unset(self, place: Place, name: str, field: Field, path: str) -> None:
        if field.required:
            self.problems.error(place, path, f"the environment variable {name} is not set")
        else:
            message = f"the environment variable {name} is not set; the value is taken as not given"
            self.problems.warn(place, path, message, once=("unset", name))

    def mismatch(self, node: Node, field: Field, path: str) -> None:
        wanted, given = asked_for(field.kinds), kind_of(node.value)
        but = "" if wanted.startswith("one of") else f", not {given}"
        self.problems.error(node.place, path, f"must be {wanted}{but}")

    def asleep(self, field: Field, entry: Entry, path: str) -> bool:
        """Warn of a field whose feature is not there yet."""
        if field.status == "works":
            return False
        if entry.node.value not in (None, False, [], {}):
            instead = field.instead or self.table.about(field.section).later
            self.problems.warn(
                entry.place,
                path,
                f"is not supported yet: {instead}",
                once=("later", field.section, field.name),
            )
        return True

    def one_value(self, field: Field, value: Any, entry: Entry, path: str) -> None:
        """Judge a value of a field whose values are told apart by the table."""
        known = self.table.values.get((field.section, field.name))
        if not known or value is None or isinstance(value, Reference):
            return
        word = str(value).lower() if isinstance(value, bool) else str(value)
        found = known.get(word)
        if found is None:
            self.problems.error(entry.node.place, path, f"must be one of {', '.join(known)}")
        elif found.status == "later":
            message = f"the value {word} is not supported yet: {found.instead}"
            self.problems.warn(entry.node.place, path, message, once=("later", field.section, found.name))

    def missing(self, section: str, values: dict[str, Any], place: Place, path: str) -> None:
        """Note required fields that are not there."""
        for name, field in self.table.sections.get(section, {}).items():
            if field.required and values.get(name) in (None, ""):
                where = f"{path}.{name}" if path else name
                self.problems.error(place, where, "a required field is missing or empty")

    def unknown(self, section: str, entry: Entry, name: str, path: str) -> None:
        """Warn of a field that nobody knows, with the name that was most likely meant."""
        once = ("unknown", section, name)
        hint = ""
        if not self.problems.seen(once):
            if nearest := self.table.nearest(section, name):
                hint = f"; did you mean {nearest}?"
            elif homes := self.table.homes(name):
                home = "the top level" if homes[0] == TOP else homes[0]
                hint = f"; it belongs to {home}"
        instead = self.table.about(section).unknown
        self.problems.warn(entry.place, path, f"is not a known field: {instead}{hint}", once=once)


def joined(node: Node, problems: Problems, path: str) -> dict[str, Entry]:
    """Bring a mapping's entries to canonical names; two spellings of one mapping become one."""
    entries: dict[str, Entry] = {}
    for entry in node.entries.values():
        name = canonical(entry.name)
        other = entries.get(name)
        if other is None:
            entries[name] = entry
        elif isinstance(other.node.value, dict) and isinstance(entry.node.value, dict):
            both = {**other.node.value, **entry.node.value}
            entries[name] = Entry(entry.name, other.place, Node(both, other.node.place))
        else:
            where = f"{path}.{entry.name}" if path else entry.name
            problems.warn(entry.place, where, f"replaces {other.name}, another spelling of the same field")
            entries[name] = entry
    return entries
