"""The last good copy on disk, so that a gateway starts with nothing reachable.

A file is written beside, synced and renamed, and opens with a checksum of what follows. What is
kept are the records as published: credentials in them are still sealed. Several processes may share
a folder. Each writes a whole copy: of the configuration, where the last writer wins, and of the keys in
use by any of them, for nobody knows which of them has to start from it.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TypeVar

import msgspec
from msgspec import Struct

from tianji_gateway.snapshot.apply import Revision

_log = logging.getLogger(__name__)

_MAGIC = b"tianji snapshot 1\n"
_CHECKSUM_BYTES = 32

S = TypeVar("S", bound=Struct)


class SeenKey(Struct, frozen=True, array_like=True):
    """A record of the KEYS bucket that was in use."""

    name: str
    value: bytes


class _Seen(Struct, frozen=True):
    keys: list[SeenKey]


class OnDisk:
    """The copies in one folder. Its methods block: call them in a thread, one at a time or not."""

    def __init__(self, folder: Path) -> None:
        self._writing = Lock()
        self._config = folder / "config.snapshot"
        self._keys = folder / "keys.snapshot"

    def save(self, revision: Revision) -> None:
        """Keep a revision in place of the one before. Raises OSError."""
        self._write(self._config, revision)

    def load(self) -> Revision | None:
        """Return the revision that was kept; None when there is none or it is damaged."""
        return _read(self._config, Revision)

    def touch(self, age_s: float) -> None:
        """Note in the file's time that the revision was current `age_s` ago."""
        at = time.time() - age_s
        try:
            os.utime(self._config, (at, at))
        except OSError:
            return  # it is told where the copy is written

    def age_s(self) -> float:
        """Return how long ago the revision was last noted to be current; infinite when there is none."""
        try:
            return max(0.0, time.time() - self._config.stat().st_mtime)
        except OSError:
            return math.inf

    def save_keys(
        self, keys: list[SeenKey], most: int, knows: Callable[[str], bool] = lambda name: False
    ) -> list[SeenKey]:
        """Keep the keys in use beside those that other processes have kept; return what was theirs.

        What this process `knows` goes by its own word: also that a key is gone. Raises OSError, and of
        these BlockingIOError while another process writes.
        """
        with _alone(self._keys.with_suffix(".lock")):
            own = {key.name for key in keys}
            others = [key for key in self.load_keys() if key.name not in own and not knows(key.name)]
            theirs = others[: max(0, most - len(keys))]
            self._write(self._keys, _Seen([*theirs, *keys]))
        return theirs

    def load_keys(self) -> list[SeenKey]:
        """Return the keys that were kept; none when they are missing or damaged."""
        seen = _read(self._keys, _Seen)
        return seen.keys if seen else []

    def _write(self, path: Path, content: Struct) -> None:
        # A write whose task was cancelled goes on in its thread; the next one must wait for it.
        with self._writing:
            _write(path, content)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep all others out of the block. Waits for nobody: whoever is in it may be a stopped process."""
    lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, content: Struct) -> None:
    body = msgspec.msgpack.encode(content)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_MAGIC + hashlib.sha256(body).digest() + body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path, kind: type[S]) -> S | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as fault:
        _log.warning("the copy at %s cannot be read: %s", path, fault.strerror)
        return None
    body = content[len(_MAGIC) + _CHECKSUM_BYTES :]
    if not content.startswith(_MAGIC + hashlib.sha256(body).digest()):
        _log.warning("the copy at %s is damaged and not used", path)
        return None
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except msgspec.DecodeError:
        _log.warning("the copy at %s is of another version and not used", path)
        return None
