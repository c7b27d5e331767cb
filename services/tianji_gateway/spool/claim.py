"""A claim: which process may write, ship and delete the files of one spool folder."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

LOCK = "lock"
CALLS = "calls"
"""An empty file that says: calls were recorded here, and the ledger is to hear when all are shipped."""
PATIENCE_S = 1.0
RETRY_S = 0.01
_PROOF = bytes(4096)
"""A block: less might fit where no file can grow any more."""


class Claim:
    """An exclusive lock on a folder; it ends with the process that holds it, however that ends."""

    def __init__(self, folder: Path, fd: int) -> None:
        self.folder = folder
        self._fd = fd
        self._marked = (folder / CALLS).exists()

    @classmethod
    def make(cls, folder: Path) -> Claim | None:
        """Make a folder and lock it, or return None when another process holds it.

        One that is starting, too, may take the folder for an orphan before it is locked; finding it empty
        it removes it, and then it is made again.
        """
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            claim = cls.take(folder)
            if claim is not None or time.monotonic() > give_up_at:
                return claim
            time.sleep(RETRY_S)

    @classmethod
    def take(cls, folder: Path) -> Claim | None:
        """Lock the folder, or return None when another process holds it or it has just been removed."""
        try:
            fd = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        if os.fstat(fd).st_nlink == 0:  # its owner finished and removed it while we opened it
            os.close(fd)
            return None
        return cls(folder, fd)

    @property
    def marked(self) -> bool:
        """Whether the ledger is still to hear of the end of the process whose folder this was."""
        return self._marked

    def mark(self) -> None:
        """Note that calls are recorded here. Raises OSError."""
        if not self._marked:
            (self.folder / CALLS).touch(mode=0o600)
            self._marked = True

    def prove(self) -> None:
        """Write something and take it back. Raises OSError where the disk takes nothing."""
        os.lseek(self._fd, 0, os.SEEK_SET)
        try:
            if os.write(self._fd, _PROOF) < len(_PROOF):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.ftruncate(self._fd, 0)

    def unmark(self) -> None:
        """The ledger has heard of the process's end."""
        (self.folder / CALLS).unlink(missing_ok=True)
        self._marked = False

    def release(self) -> None:
        """Let another process take the folder."""
        os.close(self._fd)

    def remove(self) -> None:
        """Remove the folder, which must hold no segment any more, and let go."""
        (self.folder / LOCK).unlink(missing_ok=True)
        try:
            self.folder.rmdir()
        except OSError:
            pass  # something that is not ours lies in it
        self.release()
