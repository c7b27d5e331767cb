"""One of our own processes, as a child of `tianji up`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tianji.embedded import identity
from tianji_cli import http

STOP_SIGNAL = signal.SIGTERM


class Program:
    """`tianji <verb>` in a process of its own, whose output is ours on stderr."""

    def __init__(
        self, name: str, arguments: list[str], environ: Mapping[str, str], url: str, run: Path
    ) -> None:
        self.name = name
        self.url = url
        self._command = [sys.executable, "-m", "tianji_cli", *arguments]
        self._metrics = run / "metrics" / name
        self._environ = {**environ, "PROMETHEUS_MULTIPROC_DIR": str(self._metrics)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, None while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def launch(self) -> None:
        """Start the process without waiting for it."""
        self.kill()  # the workers of one that was killed still hold its port
        shutil.rmtree(self._metrics, ignore_errors=True)
        self._metrics.mkdir(parents=True)
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),  # stdout belongs to the line that says ready
            env=self._environ,
            start_new_session=True,  # Ctrl-C reaches us alone: we stop the parts in order
            **identity.plain(STOP_SIGNAL),
        )

    def poll(self) -> int | None:
        """Return the exit status of a process that has ended, None while it runs."""
        return self._process.poll() if self._process else None

    def answers(self) -> bool:
        """Say whether the process says that it can serve."""
        return http.is_ready(self.url)

    def terminate(self) -> None:
        """Ask the process to stop in good order."""
        if self._process:
            self._process.send_signal(STOP_SIGNAL)

    def kill(self) -> None:
        """Kill the process and its worker processes at once."""
        if self._process:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:  # none of them is left
                pass
