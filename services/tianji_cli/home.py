"""TIANJI_HOME: the folder that a system on one machine keeps everything in."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets as random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec

from tianji.embedded import secrets
from tianji.errors import Conflict, NotFound, TianjiError
from tianji.settings import read, variable


class _Where(msgspec.Struct, frozen=True):
    home: Annotated[str, variable("TIANJI_HOME")] = ".tianji"


class Running(msgspec.Struct, frozen=True):
    """What `tianji up` notes about itself while it runs."""

    pid: int
    gateway_url: str
    env: dict[str, str]
    pids: dict[str, list[int]]


class HomeUnusable(TianjiError):
    """The folder cannot be made or written to."""


class SaltKeyLost(TianjiError):
    """The salt key is not the one that this home's credentials were stored with."""


class Home:
    """The folder and the files in it that belong to the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Home:
        """Find the home that the environment names, else `.tianji` in the working folder."""
        return cls(Path(read(_Where, environ).home).expanduser())

    @property
    def master_key(self) -> Path:
        """The file of the admin key that we made."""
        return self.folder / "master.key"

    @property
    def run(self) -> Path:
        """The folder of what lasts only while the system runs."""
        return self.folder / "run"

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the home for one `tianji up`, a second one is refused; say whether the last was killed."""
        with self._lock_file() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(
                    f"tianji is already up in {self.folder}: stop it, or set TIANJI_HOME and "
                    "TIANJI_PORT, TIANJI_CONTROL_PORT, TIANJI_WORKER_PORT for a second system"
                ) from None
            killed = self._note.exists()
            self._note.unlink(missing_ok=True)
            try:
                yield killed
            finally:
                self._note.unlink(missing_ok=True)

    def note(self, running: Running) -> None:
        """Write down what runs, for `running`."""
        secrets.write(self._note, msgspec.json.encode(running).decode())

    def running(self) -> Running:
        """Read what runs in this home; raise NotFound when nothing does."""
        if self._is_held():
            try:
                return msgspec.json.decode(self._note.read_bytes(), type=Running)
            except (OSError, msgspec.DecodeError):
                raise NotFound(f"tianji up in {self.folder} has not started its parts yet") from None
        raise NotFound(f"no tianji is up in {self.folder}: start it, or set TIANJI_HOME to its folder")

    def kept_master_key(self) -> str:
        """Return the admin key that we keep; make it at first."""
        return secrets.kept(self.master_key, self._new_master_key)

    def show_master_key_once(self) -> bool:
        """Say whether the kept admin key was never shown, and from now on that it was."""
        if self._shown.exists():
            return False
        self._shown.touch()
        return True

    def salt_key(self, given: str | None) -> str:
        """Return the salt key: the given one, else the one that we keep; report a lost one."""
        file, mark = self.folder / "salt.key", self.folder / "salt.key.sha256"
        if not given and mark.exists() and not file.exists():
            raise SaltKeyLost(
                f"{file} is gone: the credentials in the database cannot be read without it. Put it back "
                f"or set TIANJI_SALT_KEY; to go on without those credentials, delete {mark}"
            )
        key = given or secrets.kept(file, lambda: random.token_urlsafe(32))
        print_of_key = hashlib.sha256(b"tianji salt " + key.encode()).hexdigest()
        if secrets.kept(mark, lambda: print_of_key) != print_of_key:
            raise SaltKeyLost(
                f"TIANJI_SALT_KEY is not the key that the credentials of {self.folder} were stored with: set "
                f"the earlier one; to go on without those credentials, delete {mark}"
            )
        return key

    def _lock_file(self) -> BinaryIO:
        """Make the folder and open the file that a running system locks."""
        try:
            # Postgres may have to run as user nobody below a root's home; what is secret in it is 0600.
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            return (self.folder / "up.lock").open("ab")
        except OSError as fault:
            raise HomeUnusable(
                f"{self.folder} cannot hold the system's data ({fault.strerror}): "
                "set TIANJI_HOME to a folder that you may write to"
            ) from fault

    def _new_master_key(self) -> str:
        self._shown.unlink(missing_ok=True)  # an earlier key was shown, and its file is lost
        return "sk-" + random.token_urlsafe(24)

    @property
    def _shown(self) -> Path:
        return self.folder / "master.key.shown"

    @property
    def _note(self) -> Path:
        return self.folder / "run.json"

    def _is_held(self) -> bool:
        try:
            with (self.folder / "up.lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False
