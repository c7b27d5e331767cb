"""A control plane in a process of its own, and how long to fuzz it: `--fuzz 100` for long."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tianji.embedded import ports
from tianji_testkit.system import clean_environ

MASTER_KEY = "sk-master-of-fuzz"
PATIENCE_S = 180.0
QUICK = 0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; it is known where this folder is named on the command line."""
    parser.addoption("--fuzz", default=QUICK, type=int, help="examples for each admin path (0: a quick look)")


@pytest.fixture(scope="session")
def examples(request: pytest.FixtureRequest) -> int:
    """Return how many examples each path gets; 0 in a quick look, which skips most paths."""
    wanted: int = request.config.getoption("--fuzz", default=QUICK)
    return wanted


class Target:
    """The control plane that is fuzzed."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["authorization"] = f"Bearer {MASTER_KEY}"
        self._process = process
        self._log = log
        self._told = 0

    def ready(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                if self.session.get(f"{self.url}/health/readiness", timeout=5).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
        raise TimeoutError(self._log.read_text()[-4000:])

    def stop(self) -> None:
        """End it."""
        self.session.close()
        self._process.terminate()
        self._process.wait(30)

    def troubles(self) -> list[str]:
        """Return what its log tells of faults of its own, since this was asked last."""
        with self._log.open() as log:
            log.seek(self._told)
            lines = log.readlines()
            self._told = log.tell()
        return [line for line in lines if "request failed" in line]


@pytest.fixture(scope="module")
def target(postgres_url: str, nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Run a control plane for this module."""
    home = tmp_path_factory.mktemp("fuzzed")
    port = ports.free()
    environ = {
        **clean_environ(),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATABASE_URL": postgres_url,
        "NATS_URL": nats_url,
        "TIANJI_HOME": str(home),
        "TIANJI_MASTER_KEY": MASTER_KEY,
        "TIANJI_SALT_KEY": "salt of fuzz",
    }
    command = [sys.executable, "-m", "tianji_cli", "control", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=subprocess.STDOUT)
    target = Target(f"http://127.0.0.1:{port}", process, home / "log")
    try:
        target.ready()
        yield target
    finally:
        target.stop()
