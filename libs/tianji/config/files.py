"""Reads a config file and those it includes into one tree."""

from __future__ import annotations

from pathlib import Path

from tianji.config.problems import Place, Problems
from tianji.config.spellings import joined
from tianji.config.tree import Entry, Node, read_yaml


def read_file(path: Path, problems: Problems) -> str | None:
    """Read a text file; None when it cannot be, which is then among the problems."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        problems.error(Place(str(path)), "", "the file is not UTF-8 text")
    except OSError as fault:
        problems.error(Place(str(path)), "", f"the file cannot be read: {fault.strerror}")
    except ValueError:
        problems.error(Place(str(path)), "", "the file's name is not valid")
    return None


class Reader:
    """Follows `include` lists; `documents` are the files that make up the config."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.documents: list[Path] = []

    def file(self, path: Path, above: tuple[Path, ...] = ()) -> dict[str, Entry]:
        """Read a file with all it includes; top-level entries by canonical name."""
        if path not in self.documents:
            self.documents.append(path)
        text = read_file(path, self.problems)
        return {} if text is None else self.text(text, str(path), path.parent, (*above, path.resolve()))

    def text(
        self, text: str, name: str, folder: Path | None, above: tuple[Path, ...] = ()
    ) -> dict[str, Entry]:
        """Read a text as if it were a file; without a folder it may include nothing."""
        root = read_yaml(text, name, self.problems)
        if root is None:
            return {}
        if not isinstance(root.value, dict):
            self.problems.error(
                root.place, "", "the file must hold a mapping: model_list, general_settings, …"
            )
            return {}
        entries = joined(root, self.problems, "")
        include = entries.pop("include", None)
        if include is not None:
            self.include(entries, include, folder, above)
        return entries

    def include(
        self, entries: dict[str, Entry], include: Entry, folder: Path | None, above: tuple[Path, ...]
    ) -> None:
        """Merge included files in order: lists grow, everything else is replaced, as in LiteLLM."""
        names = include.node.value if isinstance(include.node.value, list) else [include.node]
        for at, item in enumerate(names):
            where = f"include[{at}]"
            if item.value is None:
                continue
            if not isinstance(item.value, str) or not item.value:
                self.problems.error(item.place, where, "must be the name of a file")
                continue
            if folder is None:
                self.problems.error(item.place, where, "only a config file can include others")
                continue
            path = folder / item.value
            try:
                known = path.is_file()
            except ValueError:
                known = False
            if not known:
                self.problems.error(item.place, where, f"there is no file {path}")
            elif path.resolve() in above:
                self.problems.error(item.place, where, f"{path} includes itself")
            else:
                self.merge(entries, self.file(path, above))

    def merge(self, entries: dict[str, Entry], more: dict[str, Entry]) -> None:
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
