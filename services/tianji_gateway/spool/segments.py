"""Segments: the numbered, append-only files of one spool folder.

Every append is one plain `write()` of one frame: once it returned, the record outlives the process.
The files belong to the process that holds the folder's claim.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from tianji_gateway.spool.settings import SpoolSettings

SUFFIX = ".log"


class Segments:
    """Appends to the newest file, reads and removes older ones."""

    def __init__(self, folder: Path, settings: SpoolSettings) -> None:
        self.folder = folder
        self._settings = settings
        self._sizes: dict[int, int] = {}  # oldest first
        self._fd = -1
        self._made_at = 0.0
        self._dirty = False
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            if path.stem.isdigit():
                self._sizes[int(path.stem)] = path.stat().st_size
        self.total_bytes = sum(self._sizes.values())
        """What all files take."""
        self._last = max(self._sizes, default=0)

    @property
    def numbers(self) -> list[int]:
        """The files that exist, oldest first."""
        return list(self._sizes)

    @property
    def active(self) -> int | None:
        """The file that grows, if there is one."""
        return self._last if self._fd >= 0 else None

    def size(self, number: int) -> int:
        """How many whole bytes a file holds."""
        return self._sizes[number]

    def append(self, data: bytes) -> int:
        """Write `data` as one piece and return the file's number; on OSError nothing of it stays."""
        self.seal_if_due(len(data))
        if self._fd < 0:
            self._begin()
        size = self._sizes[self._last]
        try:
            written = os.write(self._fd, data)
            if written < len(data):
                raise OSError(f"wrote {written} of {len(data)} bytes")
            if self._settings.sync == "each":
                os.fdatasync(self._fd)
        except OSError:
            self._undo(size)
            raise
        self._sizes[self._last] = size + written
        self.total_bytes += written
        self._dirty = True
        return self._last

    def seal_if_due(self, more: int = 0) -> None:
        """Close the growing file when it is full or old; the next append begins another."""
        if self._fd < 0 or not self._sizes[self._last]:
            return
        full = self._sizes[self._last] + more > self._settings.segment_bytes
        if full or time.monotonic() - self._made_at > self._settings.segment_s:
            self.seal()

    def seal(self) -> None:
        """Close the growing file."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        try:
            if self._settings.sync != "never":
                os.fdatasync(fd)
        finally:
            os.close(fd)

    def dirty_copy(self) -> int | None:
        """Return a descriptor of the growing file when it holds unsynced bytes; the caller closes it."""
        if not self._dirty or self._fd < 0:
            return None
        self._dirty = False
        return os.dup(self._fd)

    def read(self, number: int, offset: int, limit: int) -> bytes:
        """Return up to `limit` whole bytes of a file."""
        limit = min(limit, self._sizes[number] - offset)
        fd = os.open(self._path(number), os.O_RDONLY)
        try:
            return os.pread(fd, limit, offset)
        finally:
            os.close(fd)

    def modified_at(self, number: int) -> float:
        """When a file last grew, in seconds since 1970."""
        return self._path(number).stat().st_mtime

    def remove(self, number: int) -> None:
        """Delete a file that is not growing."""
        self._path(number).unlink(missing_ok=True)
        self.total_bytes -= self._sizes.pop(number)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08d}{SUFFIX}"

    def _begin(self) -> None:
        number = self._last + 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._fd = os.open(self._path(number), flags, 0o600)
        self._last = number
        self._sizes[number] = 0
        self._made_at = time.monotonic()
        if self._settings.sync != "never":
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)  # the file's name has to outlive a power cut too
            finally:
                os.close(folder)

    def _undo(self, size: int) -> None:
        """Cut off what a failed write left; where even that fails, no more goes into this file."""
        try:
            os.ftruncate(self._fd, size)
        except OSError:
            fd, self._fd = self._fd, -1
            os.close(fd)
