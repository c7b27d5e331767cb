"""Reads a config file and those it includes into one tree, merged as LiteLLM merges them.

Files come in breadth first, each once. Lists grow; anything else is replaced by the later file.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from msgspec import Struct

from tianji.config.problems import Place, Problems
from tianji.config.spellings import joined
from tianji.config.tree import Entry, Node, read_yaml


class _Mention(Struct):
    """One name in an `include` list, and the files on the way to it."""

    node: Node
    where: str
    chain: tuple[Path, ...]


class Reader:
    """Reads files; `documents` are those that make up the config, also what could not be read."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.documents: list[Path] = []

    def file(self, path: Path) -> dict[str, Entry]:
        """Read a file with all it includes; top-level entries by canonical name."""
        entries, mentions = self._read(path, ())
        waiting = deque(mentions)
        while waiting:
            mention = waiting.popleft()
            found = self._resolve(mention, path.parent)
            if found is not None:
                included, more = self._read(found, mention.chain)
                self._merge(entries, included)
                waiting.extend(more)
        return entries

    def text(self, text: str, name: str) -> dict[str, Entry]:
        """Read a text as if it were a file; it may not include others."""
        entries, mentions = self._parse(text, name, ())
        for mention in mentions:
            self.problems.error(mention.node.place, mention.where, "only a config file can include others")
        return entries

    def _read(self, path: Path, chain: tuple[Path, ...]) -> tuple[dict[str, Entry], list[_Mention]]:
        self.documents.append(path)
        text = self._text_of(path)
        return ({}, []) if text is None else self._parse(text, str(path), (*chain, path.resolve()))

    def _parse(
        self, text: str, name: str, chain: tuple[Path, ...]
    ) -> tuple[dict[str, Entry], list[_Mention]]:
        root = read_yaml(text, name, self.problems)
        if root is None:
            return {}, []
        if not isinstance(root.value, dict):
            self.problems.error(
                root.place, "", "the file must hold a mapping: model_list, general_settings, …"
            )
            return {}, []
        entries = joined(root, self.problems, "")
        include = entries.pop("include", None)
        if include is None or include.node.value is None:
            return entries, []
        names = include.node.value if isinstance(include.node.value, list) else [include.node]
        return entries, [_Mention(node, f"include[{at}]", chain) for at, node in enumerate(names)]

    def _resolve(self, mention: _Mention, root: Path) -> Path | None:
        """Find the file that is meant; None when it was read already or cannot be."""
        name, place = mention.node.value, mention.node.place
        if not isinstance(name, str) or not name or "\0" in name:
            self.problems.error(place, mention.where, "must be the name of a file")
            return None
        beside = mention.chain[-1].parent / name
        # LiteLLM long took every name as relative to the first file; configs may still rely on it.
        path = next((path for path in (beside, root / name) if _is_file(path)), None)
        if path is None:
            self.problems.error(place, mention.where, f"there is no file {beside}")
        elif path.resolve() in mention.chain:
            self.problems.error(place, mention.where, f"{path} includes itself")
        elif path.resolve() not in {document.resolve() for document in self.documents}:
            return path
        return None

    def _text_of(self, path: Path) -> str | None:
        try:
            return path.read_text("utf-8")
        except UnicodeDecodeError:
            self.problems.error(Place(str(path)), "", "the file is not UTF-8 text")
        except OSError as fault:
            self.problems.error(Place(str(path)), "", f"the file cannot be read: {fault.strerror}")
        except ValueError:
            self.problems.error(Place(str(path)), "", "the file's name is not valid")
        return None

    def _merge(self, entries: dict[str, Entry], more: dict[str, Entry]) -> None:
        for name, entry in more.items():
            other = entries.get(name)
            if other is None or other.node.value is None:
                entries[name] = entry
            elif isinstance(other.node.value, list) and isinstance(entry.node.value, list):
                both = Node([*other.node.value, *entry.node.value], other.node.place)
                entries[name] = Entry(other.name, other.place, both)
            else:
                first = f"{other.place.file}:{other.place.line}"
                self.problems.warn(
                    entry.place, entry.name, f"this file's {entry.name} replaces that of {first}"
                )
                entries[name] = entry


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than the file system takes
        return False
