"""What all embedded servers have in common: a folder, a port, a process, a log."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from io import BufferedWriter
from pathlib import Path
from typing import ClassVar

from tianji.embedded import identity, ports, secrets
from tianji.errors import TianjiError

POLL_S = 0.01


class EmbeddedError(TianjiError):
    """An embedded server could not be started."""


class Server(ABC):
    """One server, its data under `folder`; data survives restarts and `kill -9`.

    Start it from the main thread: the server is told to end when the thread that started it
    ends, so that nothing outlives a killed parent.
    """

    name: str
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> list[str]:
        """Lay out the folder, as far as missing, and return the command that runs the server."""

    @abstractmethod
    def answers(self) -> bool:
        """Say whether the server that was launched serves by now; asked every few milliseconds."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, with the password."""

    @property
    def pid(self) -> int | None:
        """The server's process id, None while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def log(self) -> Path:
        """The file that the server's own output goes to."""
        return self.folder / "server.log"

    def start(self, timeout: float = 60) -> str:
        """Start the server, wait until it answers, and return its URL."""
        self.launch(timeout)
        return self.wait_ready(timeout)

    def launch(self, timeout: float = 10) -> None:
        """Start the server without waiting for it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self._take_folder(timeout)
        try:
            if self._process is None:  # after a crash clients expect it where it was
                self.port = ports.remembered(self.folder / "port")
            command = self.prepare()
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    start_new_session=True,
                    pass_fds=(lock.fileno(),),
                    **identity.plain(self.stop_signal) | self.identity(),
                )
        except (OSError, subprocess.SubprocessError) as fault:
            raise EmbeddedError(f"{self.name} could not be started: {fault}") from fault
        finally:
            lock.close()

    def identity(self) -> identity.SpawnOptions:
        """Say as whom the server runs, as extra options of Popen."""
        return {}

    def wait_ready(self, timeout: float = 60) -> str:
        """Wait until the launched server answers and return its URL."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.poll() is not None:
                raise EmbeddedError(
                    f"{self.name} stopped while starting (status {self.poll()}); "
                    f"its log is {self.log}:\n{self._last_words()}"
                )
            if self.answers():
                return self.url
            time.sleep(POLL_S)
        self.stop()
        raise EmbeddedError(f"{self.name} did not answer within {timeout:g} s; its log is {self.log}")

    def poll(self) -> int | None:
        """Return the exit status of a server that has ended, None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self, timeout: float = 10) -> None:
        """Stop the server in good order; kill it when it takes longer than `timeout`."""
        if self._process is None:
            return
        self.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self._process = None

    def terminate(self) -> None:
        """Ask the server to stop in good order."""
        if self._process:
            self._process.send_signal(self.stop_signal)

    def kill(self) -> None:
        """Kill the server at once; its data stays readable."""
        if self._process:
            self._process.kill()

    def secret(self, name: str) -> str:
        """Return the password kept under `name` in the server's folder; make it once."""
        return secrets.kept(self.folder / name, secrets.password)

    def _take_folder(self, timeout: float) -> BufferedWriter:
        """Lock the folder; the server inherits the lock, so it lasts as long as the server."""
        file = (self.folder / "lock").open("ab")
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    file.close()
                    raise EmbeddedError(
                        f"another {self.name} still uses {self.folder}; stop it or set TIANJI_HOME"
                    ) from None
                time.sleep(POLL_S)

    def _last_words(self, lines: int = 5) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""
