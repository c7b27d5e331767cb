"""Keeps every file of the gateways' spools: what a gateway wrote down, independent of what became of it.

A second link to a file keeps what is written into it until its end, also when the gateway deletes it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec

from tianji_gateway.spool import records
from tianji_gateway.spool.frames import Reader

EVERY_S = 0.01


class Written(msgspec.Struct):
    """What the gateways wrote down, by call id."""

    began: dict[str, str]
    """Call id and marker of every call that began."""
    ended: set[str]
    interrupted: set[str]
    """Calls that were ended by whoever took a spool over."""


class _Told(msgspec.Struct):
    end_user: str | None = None
    status: str = ""


class Archive:
    """Links files for as long as the block lasts."""

    def __init__(self, spool: Path, kept: Path) -> None:
        """Both folders must lie on one file system."""
        self._spool = spool
        self._kept = kept
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="archive")

    def __enter__(self) -> Archive:
        self._kept.mkdir()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def read(self) -> Written:
        """Read all that has been written so far."""
        written = Written({}, set(), set())
        for path in self._kept.iterdir():
            for frame in Reader(path.read_bytes(), complete=True):
                record = records.parse(frame.payload)
                if record is not None:
                    _note(written, record)
        return written

    def _follow(self) -> None:
        while not self._done.wait(EVERY_S):
            for folder in self._folders():
                self._link_all(folder)

    def _folders(self) -> list[Path]:
        try:
            return list(self._spool.iterdir())
        except FileNotFoundError:
            return []

    def _link_all(self, folder: Path) -> None:
        try:
            for path in folder.glob("*.log"):
                kept = self._kept / f"{folder.name}-{path.stat().st_ino}-{path.name}"
                if not kept.exists():
                    os.link(path, kept)
        except FileNotFoundError:  # the gateway was done with it
            pass


def _note(written: Written, record: records.Record) -> None:
    told = msgspec.json.decode(record.payload, type=_Told)
    if record.kind == records.BEGAN:
        written.began[record.id] = told.end_user or ""
    elif told.status == "interrupted":
        written.interrupted.add(record.id)
    else:
        written.ended.add(record.id)
