"""Walks a located tree beside the table of fields: values out, problems noted."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from tianji.config.fields import TOP, Field, FieldTable
from tianji.config.kinds import Mismatch, accepts, asked_for, fit, kind_of
from tianji.config.problems import Place, Problems
from tianji.config.references import Reference, find_reference, holds_secret
from tianji.config.spellings import joined
from tianji.config.tree import Entry, Node
from tianji.settings import Secret

_UNDESCRIBED = Field("", "", ("any",), "", "works", "")
_TEXT_ITEM = Field("", "", ("string",), "", "works", "")


class Checker:
    """Turns nodes into plain values in canonical spelling, noting every problem on the way.

    Secrets come out as `Secret`, references as `Reference`; `referenced` gathers their names.
    A dormant value belongs to a feature that is not there yet: its kind is checked, but nothing
    is said of what it refers to or of parts that do not work yet.
    """

    def __init__(self, table: FieldTable, problems: Problems, environ: Mapping[str, str]) -> None:
        self.table = table
        self.problems = problems
        self.environ = environ
        self.referenced: set[str] = set()

    def section(self, node: Node, section: str, path: str, *, dormant: bool = False) -> dict[str, Any]:
        """Check a mapping that `section` of the table describes."""
        if not isinstance(node.value, dict):
            if node.value is not None or path.endswith("]"):
                self.problems.error(node.place, path, f"must be a mapping, not {kind_of(node.value)}")
            return {}
        values: dict[str, Any] = {}
        entries = joined(node, self.problems, path)
        for name, entry in entries.items():
            where = f"{path}.{entry.name}" if path else entry.name
            field = self.table.field(section, name)
            if field is None:
                self._unknown(section, entry, name, where)
                values[name] = self._value(entry.node, _UNDESCRIBED, name, where, dormant)
                continue
            asleep = dormant or self._asleep(field, entry, where)
            values[name] = self._field(entry.node, field, where, asleep)
            if not asleep:
                self._one_value(field, values[name], entry, where)
        self._missing(section, entries, node.place, path)
        return values

    def scalar(self, node: Node, field: Field, name: str, path: str, dormant: bool = False) -> Any:
        """Check one scalar; resolve it when it is a reference, hide it when it is a secret."""
        if isinstance(node.value, str) and (reference := find_reference(node.value, self.environ)):
            return self._reference(node, reference, field, path, dormant)
        try:
            value = fit(node.value, node.text, field.kinds)
        except Mismatch:
            return self._mismatch(node, field, path)
        if isinstance(value, str) and (field.secret or ("any" in field.kinds and holds_secret(name))):
            return Secret(value)
        return value.isoformat() if isinstance(value, datetime.date) else value

    def _field(self, node: Node, field: Field, path: str, dormant: bool) -> Any:
        """Check one field's value, going down into what the table describes."""
        inner = self.table.inner(field.section, field.name)
        if inner is None or not isinstance(node.value, list | dict):
            return self._value(node, field, field.name, path, dormant)
        if not accepts(field.kinds, type(node.value)):
            return self._mismatch(node, field, path)
        if isinstance(node.value, list):
            if not inner.endswith("[]"):
                return self._value(node, field, field.name, path, dormant)
            return [
                self.section(item, inner, f"{path}[{at}]", dormant=dormant)
                for at, item in enumerate(node.value)
            ]
        if inner.endswith(".*"):
            return {
                name: self.section(entry.node, inner, f"{path}.{name}", dormant=dormant)
                for name, entry in node.entries.items()
            }
        return self.section(node, inner.removesuffix("[]"), path, dormant=dormant)

    def _value(self, node: Node, field: Field, name: str, path: str, dormant: bool) -> Any:
        """Check a value that has no described parts."""
        if not isinstance(node.value, list | dict):
            return self.scalar(node, field, name, path, dormant)
        if not accepts(field.kinds, type(node.value)):
            return self._mismatch(node, field, path)
        if isinstance(node.value, list):
            item = _TEXT_ITEM if "list[string]" in field.kinds else _UNDESCRIBED
            return [
                self._value(part, item, name, f"{path}[{at}]", dormant) for at, part in enumerate(node.value)
            ]
        return {
            part: self._value(entry.node, _UNDESCRIBED, part, f"{path}.{part}", dormant)
            for part, entry in node.entries.items()
        }

    def _reference(
        self, node: Node, reference: Reference, field: Field, path: str, dormant: bool
    ) -> Reference:
        """Resolve a reference and hold its value against the field's kinds."""
        self.referenced.update(reference.names)
        if not dormant:
            for name in reference.names:
                if name not in self.environ:
                    self._unset(node.place, name, reference, field, path)
        if not isinstance(reference.value, Secret):
            return reference
        text = reference.value.reveal()
        try:
            value = fit(text, text, field.kinds)
        except Mismatch as wanted:
            # The text itself is not shown: `https://user:password@${HOST}` is one, too.
            self.problems.error(node.place, path, f"{' and '.join(reference.names)} must hold {wanted}")
            return Reference(reference.text, reference.names)
        return reference if isinstance(value, str) else Reference(reference.text, reference.names, value)

    def _unset(self, place: Place, name: str, reference: Reference, field: Field, path: str) -> None:
        if reference.value is None and field.required:
            self.problems.error(place, path, f"the environment variable {name} is not set")
            return
        effect = (
            "the value counts as not given" if reference.value is None else "the text stays as it is written"
        )
        message = f"the environment variable {name} is not set; {effect}"
        self.problems.warn(place, path, message, once=("unset", name, effect))

    def _mismatch(self, node: Node, field: Field, path: str) -> None:
        wanted, given = asked_for(field.kinds), kind_of(node.value)
        but = "" if given in wanted or wanted.startswith("one of") else f", not {given}"
        self.problems.error(node.place, path, f"must be {wanted}{but}")

    def _asleep(self, field: Field, entry: Entry, path: str) -> bool:
        """Warn of a field whose feature is not there yet."""
        if field.status == "works" or self._values_work(field, entry.node):
            return False
        if entry.node.value not in (None, False, [], {}):
            instead = field.instead or self.table.about(field.section).later
            once = ("later", field.section, field.name)
            self.problems.warn(entry.place, path, f"is not supported yet: {instead}", once=once)
        return True

    def _values_work(self, field: Field, node: Node) -> bool:
        """Say whether each value of a field, or each item of its list, is one that works by itself."""
        known = self.table.values.get((field.section, field.name), {})
        said = [item.value for item in node.value] if isinstance(node.value, list) else [node.value]
        words = [known.get(word) if isinstance(word, str) else None for word in said]
        return bool(known and said) and all(word is not None and word.status == "works" for word in words)

    def _one_value(self, field: Field, value: Any, entry: Entry, path: str) -> None:
        """Judge a value of a field whose values are told apart by the table."""
        known = self.table.values.get((field.section, field.name))
        if isinstance(value, Reference):
            value = value.value.reveal() if isinstance(value.value, Secret) else value.value
        if not known or value is None or isinstance(value, list):
            return
        word = str(value).lower() if isinstance(value, bool) else str(value)
        found = known.get(word)
        if found is None:
            self.problems.error(entry.node.place, path, f"must be one of {', '.join(known)}")
        elif found.status == "later":
            message = f"the value {word} is not supported yet: {found.instead}"
            self.problems.warn(entry.node.place, path, message, once=("later", field.section, found.name))

    def _missing(self, section: str, entries: dict[str, Entry], place: Place, path: str) -> None:
        """Note required fields that are not there, or empty."""
        for name in self.table.required(section):
            if name not in entries or entries[name].node.value in (None, ""):
                where = f"{path}.{name}" if path else name
                self.problems.error(place, where, "a required field is missing")

    def _unknown(self, section: str, entry: Entry, name: str, path: str) -> None:
        """Warn of a field that nobody knows, with the name that was most likely meant."""
        once = ("unknown", section, name)
        hint = ""
        if not self.problems.seen(once):
            if homes := self.table.homes(name):
                home = "the top level" if homes[0] == TOP else homes[0]
                hint = f"; it belongs to {home}"
            elif nearest := self.table.nearest(section, name):
                hint = f"; did you mean {nearest}?"
        unknown = self.table.about(section).unknown
        self.problems.warn(entry.place, path, f"is not a known field: {unknown}{hint}", once=once)
