"""Named queries: SQL lives in `queries.sql` files, Python only binds.

A query begins with a line `-- name: key_by_hash` and ends where the next one begins.
Parameters are psycopg's: `%(name)s`. What several queries say alike is a part, which begins with a line
`-- part: key_columns`; `<<key_columns>>` stands for it in the queries that follow.

A second line `-- each: column = alias expires; direction = ASC DESC` makes a query, or a part, of each
combination: in its text, and in small letters in its name, each is put in place of `{column}`, `{direction}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import LiteralString, NewType, cast

Query = NewType("Query", str)

_NAME = re.compile(r"^-- (name|part): *([\w{}]+) *$(?:\n-- each: *(.+)$)?", re.MULTILINE)
_PART = re.compile(r"<<(\w+)>>")


class Queries:
    """The queries of one file, as attributes: `Q = Queries.beside(__file__)`, then `Q.key_by_hash`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._queries = _parse(path)

    @classmethod
    def beside(cls, module: str) -> Queries:
        """Load the `queries.sql` that lies beside a module's file."""
        return cls(Path(module).with_name("queries.sql"))

    def __getattr__(self, name: str) -> Query:
        try:
            return self._queries[name]
        except KeyError:
            raise AttributeError(f"{self.path} has no query named {name}") from None

    def __iter__(self) -> Iterator[tuple[str, Query]]:
        return iter(self._queries.items())


def literal(query: Query) -> LiteralString:
    """Vouch for a query: it came out of a file of this package, nothing was formatted into it."""
    return cast(LiteralString, query)


def _parse(path: Path) -> dict[str, Query]:
    _, *pieces = _NAME.split(path.read_text())
    queries: dict[str, Query] = {}
    parts: dict[str, str] = {}
    for kind, template, each, body in zip(*(pieces[place::4] for place in range(4)), strict=True):
        for name, text in _expanded(template, body.strip().removesuffix(";"), each):
            if name in queries or name in parts:
                raise ValueError(f"{path}: two queries are named {name}")
            whole = _PART.sub(lambda found: parts[found[1]], text)
            if kind == "part":
                parts[name] = whole
            else:
                queries[name] = Query(whole)
    return queries


def _expanded(name: str, text: str, each: str | None) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each query that a template stands for."""
    choices = [choice.split("=") for choice in each.split(";")] if each else []
    for values in product(*(words.split() for _, words in choices)):
        one_name, one_text = name, text
        for (place, _), value in zip(choices, values, strict=True):
            one_name = one_name.replace(f"{{{place.strip()}}}", value.lower())
            one_text = one_text.replace(f"{{{place.strip()}}}", value)
        yield one_name, one_text
