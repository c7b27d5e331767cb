"""The price table: one model a line, sorted by name, read where it lies.

The first line tells the table's version and source. The file is mapped into memory and searched by
halves, so that an open table costs a process nothing and only entries that are asked for are
decoded; all processes of a machine share the same pages.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct, field

from tianji.errors import TianjiError

_SHIPPED = Path(__file__).with_name("prices.jsonl")
_KEY = b'{"model":"'


class BadPriceTable(TianjiError):
    """The price table cannot be read; make it with `python -m tianji.pricing.seed`."""


class Header(Struct, frozen=True):
    """The table's first line."""

    version: str
    """Date and digest of the entries, stored with everything that was priced by them."""
    source: str


class Entry(Struct, frozen=True, omit_defaults=True, rename={"max_input": "in", "max_output": "out"}):
    """One line of the table; see `price` for the grammar of the keys of `rates`."""

    model: str
    provider: str
    mode: str = "chat"
    max_input: int | None = None
    max_output: int | None = None
    vector: int | None = None
    """Length of the vectors that an embedding model makes."""
    retires: str | None = None
    """The day on which the provider switches the model off."""
    rates: dict[str, Decimal] = field(default_factory=dict)
    has: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)


class Catalog:
    """An open price table."""

    __slots__ = ("_data", "_start", "source", "version")

    def __init__(self, data: bytes | mmap.mmap) -> None:
        """Take a table's bytes; raises `BadPriceTable` when its first line is not a header."""
        self._data = data
        self._start = data.find(b"\n") + 1
        try:
            header = msgspec.json.decode(data[: self._start], type=Header)
        except msgspec.DecodeError as fault:
            raise BadPriceTable(f"The price table has no readable first line: {fault}") from fault
        self.version = header.version
        self.source = header.source

    @classmethod
    def load(cls, path: Path | None = None) -> Catalog:
        """Open a table file, by default the one that ships with the package."""
        path = path or _SHIPPED
        with path.open("rb") as file:
            try:
                return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            except ValueError as fault:
                raise BadPriceTable(f"The price table {path.name} is empty.") from fault

    def find(self, name: str) -> Entry | None:
        """Decode the entry of exactly this name, if the table has it."""
        start = self._seek(name.encode())
        if start >= len(self._data) or self._name_at(start) != name.encode():
            return None
        return msgspec.json.decode(self._data[start : self._end(start)], type=Entry)

    def names(self, prefix: str = "") -> Iterator[str]:
        """List the names that start with `prefix`, in order."""
        wanted = prefix.encode()
        start = self._seek(wanted)
        while start < len(self._data):
            name = self._name_at(start)
            if not name.startswith(wanted):
                return
            yield name.decode()
            start = self._end(start)

    def entries(self) -> Iterator[Entry]:
        """Decode all entries, in order."""
        decoder, start = msgspec.json.Decoder(Entry), self._start
        while start < len(self._data):
            end = self._end(start)
            yield decoder.decode(self._data[start:end])
            start = end

    def digest(self) -> str:
        """Work out the digest of the entries, as the version holds it."""
        return digest_of(self._data[self._start :])

    def _seek(self, name: bytes) -> int:
        """Find where the first entry starts whose name is not below `name`."""
        low, high = self._start, len(self._data)
        while low < high:
            middle = max(self._data.rfind(b"\n", low, (low + high) // 2) + 1, low)
            if self._name_at(middle) < name:
                low = self._end(middle)
            else:
                high = middle
        return low

    def _name_at(self, start: int) -> bytes:
        begin = start + len(_KEY)
        end = self._data.find(b'"', begin)
        if self._data[start:begin] != _KEY or end < 0:
            raise BadPriceTable("A line of the price table does not start with its model's name.")
        return self._data[begin:end]

    def _end(self, start: int) -> int:
        return self._data.find(b"\n", start) + 1 or len(self._data)


def digest_of(entries: bytes) -> str:
    """Name the content of a table's entries in eight characters."""
    return hashlib.sha256(entries).hexdigest()[:8]


@cache
def shipped() -> Catalog:
    """Open the shipped table once per process."""
    return Catalog.load()
