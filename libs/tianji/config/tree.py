"""YAML as a tree in which every value knows its file, line and column."""

from __future__ import annotations

import io
from typing import Any

import yaml
from msgspec import Struct

from tianji.config.problems import Place, Problems

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_MERGE = f"{_CORE}merge"
_SCALARS = {f"{_CORE}{name}" for name in ("null", "bool", "int", "float", "binary", "timestamp", "str")}
_COLLECTIONS = {f"{_CORE}{name}" for name in ("map", "seq", "set", "omap", "pairs")}
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


class _Unreasonable(Exception):
    """The document is not one that a person wrote."""


def read_yaml(text: str, file: str, problems: Problems) -> Node | None:
    """Parse one YAML document; None when it cannot be read, which is then among the problems."""
    try:
        loader = _Loader(_Named(text, file))
        try:
            root = loader.get_single_node()
            if root is not None:
                return _Builder(loader, file, problems).node(root, "", 0)
            problems.error(Place(file), "", "the file is empty")
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        words = ", ".join(part for part in (fault.context, fault.problem) if part)
        problems.error(place, "", f"not valid YAML: {words}")
    except (yaml.YAMLError, UnicodeError):
        problems.error(Place(file), "", "not valid YAML: it holds characters that YAML does not allow")
    except _Unreasonable as fault:
        problems.error(Place(file), "", str(fault))
    except RecursionError:
        problems.error(Place(file), "", "nested too deeply")
    return None


class _Builder:
    def __init__(self, loader: Any, file: str, problems: Problems) -> None:
        self.loader = loader
        self.file = file
        self.problems = problems
        self.built = 0

    def node(self, raw: yaml.Node, path: str, depth: int) -> Node:
        # Counted after aliases are followed: a few lines of anchors can stand for billions of nodes.
        self.built += 1
        if depth > MAX_DEPTH:
            raise _Unreasonable(f"nested deeper than {MAX_DEPTH} levels, or an anchor holds itself")
        if self.built > MAX_NODES:
            raise _Unreasonable(f"more than {MAX_NODES} values once anchors are followed")
        place = self.place(raw)
        allowed = _SCALARS if isinstance(raw, yaml.ScalarNode) else _COLLECTIONS
        if raw.tag not in allowed and not raw.tag.startswith((f"{_CORE}value", _MERGE)):
            self.problems.error(place, path, f"the YAML tag {raw.tag} is not supported")
            return Node(None, place)
        if isinstance(raw, yaml.MappingNode):
            return Node(self.mapping(raw, path, depth), place)
        if isinstance(raw, yaml.SequenceNode):
            items = [self.node(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(raw.value)]
            return Node(items, place)
        return Node(self.scalar(raw, path, place), place, raw.value)

    def place(self, raw: yaml.Node) -> Place:
        return Place(self.file, raw.start_mark.line + 1, raw.start_mark.column + 1)

    def scalar(self, raw: yaml.Node, path: str, place: Place) -> Any:
        if raw.tag not in _SCALARS:
            return raw.value
        try:
            return self.loader.construct_object(raw)
        except (yaml.YAMLError, ValueError, OverflowError, LookupError):
            kind = raw.tag.removeprefix(_CORE)
            # `2024-13-45` looks like a date to YAML; whoever wrote it most likely meant text.
            if kind != "timestamp":
                self.problems.error(place, path, f"is not a valid {kind}")
            return raw.value

    def mapping(self, raw: yaml.MappingNode, path: str, depth: int) -> dict[str, Entry]:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in raw.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problems.error(self.place(key), path, "a field's name must be plain text")
            elif key.tag == _MERGE:
                for name, entry in self.merge(value, path, depth).items():
                    merged.setdefault(name, entry)
            else:
                name, place = str(key.value), self.place(key)
                inner = f"{path}.{name}" if path else name
                if name in own:
                    first = own[name].place.line
                    message = f"given twice; this one replaces that of line {first}"
                    self.problems.warn(place, inner, message, once=("twice", place))
                own[name] = Entry(name, place, self.node(value, inner, depth + 1))
        return {**merged, **own}

    def merge(self, raw: yaml.Node, path: str, depth: int) -> dict[str, Entry]:
        sources = raw.value if isinstance(raw, yaml.SequenceNode) else [raw]
        merged: dict[str, Entry] = {}
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                self.problems.error(self.place(source), path, "<< can only merge mappings")
                continue
            for name, entry in self.node(source, path, depth + 1).entries.items():
                merged.setdefault(name, entry)
        return merged
