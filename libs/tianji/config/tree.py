"""YAML as a tree in which every value knows its file, line and column."""

from __future__ import annotations

import io
from typing import Any

import yaml
from msgspec import Struct

from tianji.config.problems import Place, Problems

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STRUCTURE = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_MERGE = "tag:yaml.org,2002:merge"
MAX_DEPTH = 100
MAX_NODES = 2_000_000


class Node(Struct, eq=False):
    """A scalar with its source text, a list of nodes, or entries by their written name."""

    value: Any
    place: Place
    text: str = ""

    @property
    def entries(self) -> dict[str, Entry]:
        """Return the entries of a mapping; of anything else, none."""
        return self.value if isinstance(self.value, dict) else {}


class Entry(Struct, eq=False):
    """One `name: value` of a mapping."""

    name: str
    place: Place
    node: Node


class _Named(io.StringIO):
    """A text that tells the YAML reader which file it is."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def read_yaml(text: str, file: str, problems: Problems) -> Node | None:
    """Parse one YAML document; None when it cannot be read, which is then among the problems."""
    try:
        loader = _Loader(_Named(text, file))
        try:
            root = loader.get_single_node()
            if root is None:
                problems.error(Place(file), "", "the file is empty")
                return None
            return _Builder(loader, file, problems).node(root, 0)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        words = ", ".join(part for part in (fault.context, fault.problem) if part)
        problems.error(place, "", f"not valid YAML: {words}")
    except (yaml.YAMLError, ValueError) as fault:
        reason = getattr(fault, "reason", "") or "it holds characters that YAML does not allow"
        problems.error(Place(file), "", f"not valid YAML: {reason}")
    except RecursionError:
        problems.error(Place(file), "", f"nested deeper than {MAX_DEPTH} levels")
    return None


class _TooMuch(yaml.YAMLError):
    """The document is not one that a person wrote."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class _Builder:
    def __init__(self, loader: Any, file: str, problems: Problems) -> None:
        self.loader = loader
        self.file = file
        self.problems = problems
        self.built = 0

    def node(self, raw: yaml.Node, depth: int) -> Node:
        # Counted after aliases are followed: a few lines of anchors can stand for billions of nodes.
        self.built += 1
        if depth > MAX_DEPTH:
            raise _TooMuch(f"nested deeper than {MAX_DEPTH} levels, or an anchor holds itself")
        if self.built > MAX_NODES:
            raise _TooMuch(f"more than {MAX_NODES} values once anchors are followed")
        place = self.place(raw)
        if isinstance(raw, yaml.MappingNode):
            return Node(self.mapping(raw, depth), place)
        if isinstance(raw, yaml.SequenceNode):
            return Node([self.node(item, depth + 1) for item in raw.value], place)
        return self.scalar(raw, place)

    def place(self, raw: yaml.Node) -> Place:
        return Place(self.file, raw.start_mark.line + 1, raw.start_mark.column + 1)

    def scalar(self, raw: yaml.Node, place: Place) -> Node:
        if raw.tag in _STRUCTURE or raw.tag not in yaml.SafeLoader.yaml_constructors:
            if not raw.tag.endswith((":merge", ":value")):
                self.problems.error(place, "", f"the tag {raw.tag} is not supported")
            return Node(raw.value, place, raw.value)
        try:
            value = self.loader.construct_object(raw)
        except (yaml.YAMLError, ValueError, OverflowError, KeyError, IndexError):
            kind = raw.tag.rpartition(":")[2]
            # `2024-13-45` looks like a date to YAML; whoever wrote it most likely meant text.
            value = raw.value
            if kind != "timestamp":
                self.problems.error(place, "", f"not a valid {kind}")
        return Node(value, place, raw.value)

    def mapping(self, raw: yaml.MappingNode, depth: int) -> dict[str, Entry]:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in raw.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problems.error(self.place(key), "", "a field's name must be plain text")
            elif key.tag == _MERGE:
                for name, entry in self.merge(value, depth).items():
                    merged.setdefault(name, entry)
            else:
                name, place = str(key.value), self.place(key)
                if name in own:
                    first = own[name].place.line
                    self.problems.warn(place, name, f"given twice; this one replaces line {first}")
                own[name] = Entry(name, place, self.node(value, depth + 1))
        return {**merged, **own}

    def merge(self, raw: yaml.Node, depth: int) -> dict[str, Entry]:
        sources = raw.value if isinstance(raw, yaml.SequenceNode) else [raw]
        merged: dict[str, Entry] = {}
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                self.problems.error(self.place(source), "<<", "only mappings can be merged")
                continue
            for name, entry in self.node(source, depth + 1).entries.items():
                merged.setdefault(name, entry)
        return merged
