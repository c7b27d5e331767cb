"""The whole system in a temporary home, as `tianji up` starts it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tianji.embedded import identity, ports

OURS = ("TIANJI_", "LITELLM_", "PROXYLLM_", "PROMETHEUS_MULTIPROC_DIR")
SERVERS = ("DATABASE_URL", "NATS_URL", "REDIS_URL")


class SystemFailed(Exception):
    """`tianji up` did not come up; the message ends with what it printed."""


def clean_environ() -> dict[str, str]:
    """Return this process's environment without what would change the product's behaviour."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {
        name: value for name, value in kept.items() if name not in SERVERS and not name.endswith("_API_KEY")
    }


class System:
    """A system that runs as long as the block:

    with System(tmp_path, config="model_list: ...") as system:
        httpx.get(system.url + "/health/liveness")

    It stops, too, when the thread that started it ends: a test run that is killed leaves nothing behind.
    """

    def __init__(
        self,
        folder: Path,
        config: str = "",
        *,
        gateways: int = 1,
        workers: int = 1,
        options: tuple[str, ...] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """`config` is the text of a config file; none means the default config."""
        self.folder = folder
        self.home = folder / "home"
        self.config_file = folder / "proxy_config.yaml"
        self.log = folder / "up.log"
        self.printed: list[str] = []
        """The lines on stdout from the ready line on; the example comes within moments after it."""
        port = _free_ports(gateways)
        self.url = f"http://127.0.0.1:{port}"
        self._environ = {
            **clean_environ(),
            "TIANJI_HOME": str(self.home),
            "TIANJI_PORT": str(port),
            "TIANJI_CONTROL_PORT": str(ports.free()),
            "TIANJI_WORKER_PORT": str(ports.free()),
            **(environ or {}),
        }
        self._options = ["--gateways", str(gateways), "--workers", str(workers), *options]
        if config:
            self.config_file.write_text(config)
            self._options += ["--config", str(self.config_file)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> System:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, timeout: float = 180) -> System:
        """Start the system and wait until it says that it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tianji_cli", "up", *self._options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environ,
                start_new_session=True,
                **identity.plain(signal.SIGTERM),
            )
        self.printed = []
        deadline = time.monotonic() + timeout
        while not (self.printed and self.printed[-1].startswith("try it: ")):
            line = self._line(deadline)
            if not line and not self.printed:
                self.stop()
                raise SystemFailed(f"not ready within {timeout:g} s:\n{self.log.read_text()}")
            if not line:
                break
            self.printed.append(line)
            deadline = min(deadline, time.monotonic() + 10)
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = 30) -> int:
        """Stop the system and return its exit status; stopping twice does nothing."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        try:
            return process.wait(timeout)
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to `tianji up` itself."""
        if self._process:
            self._process.send_signal(number)

    def tianji(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `tianji` command in the same home."""
        command = [sys.executable, "-m", "tianji_cli", *arguments]
        return subprocess.run(command, env=self._environ, capture_output=True, text=True, timeout=60)

    @property
    def env(self) -> dict[str, str]:
        """What `tianji env` prints."""
        environ: dict[str, str] = msgspec.json.decode(self.tianji("env", "--json").stdout)
        return environ

    @property
    def control_url(self) -> str:
        """The control plane."""
        return f"http://127.0.0.1:{self._environ['TIANJI_CONTROL_PORT']}"

    @property
    def worker_url(self) -> str:
        """The worker's health and metrics."""
        return f"http://127.0.0.1:{self._environ['TIANJI_WORKER_PORT']}"

    @property
    def gateway_urls(self) -> list[str]:
        """All gateways."""
        first = int(self._environ["TIANJI_PORT"])
        count = int(self._options[1])
        return [f"http://127.0.0.1:{first + 10 * index}" for index in range(count)]

    @property
    def master_key(self) -> str:
        """The admin key."""
        return self.env["TIANJI_MASTER_KEY"]

    @property
    def pids(self) -> dict[str, list[int]]:
        """The process ids of the parts: postgres, nats, redis, control, worker, gateway."""
        prefix = "TIANJI_PID_"
        found = {name: value for name, value in self.env.items() if name.startswith(prefix)}
        return {
            name.removeprefix(prefix).lower(): [int(pid) for pid in value.split()]
            for name, value in found.items()
        }

    def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to every process of a part, by default one that it cannot refuse."""
        for pid in self.pids[part]:
            os.kill(pid, number)

    def _line(self, deadline: float) -> str:
        """Read one line of stdout; an empty one when there is none in time."""
        assert self._process is not None and self._process.stdout is not None
        pipe = self._process.stdout
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            byte = os.read(pipe.fileno(), 1) if ready else b""
            if not byte:
                return ""
            line += byte
        return line.decode().rstrip("\n")


def _free_ports(gateways: int) -> int:
    """Find a port that is free, as are the further gateways' beside it."""
    while True:
        first = ports.free()
        if first + 10 * gateways < 65536 and all(ports.is_free(first + 10 * i) for i in range(gateways)):
            return first
