"""Starts what is measured: the provider itself, the bare relay, the whole of TianjiLLM, LiteLLM."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from bench.speed import crossings, pinning
from bench.speed.scenarios import KEY, MODEL

from tianji.embedded import ports
from tianji_testkit.system import System

_START_S = 90.0
_TESTS = str(Path(__file__).parents[2])


class Target(NamedTuple):
    """Something that answers chat completions."""

    name: str
    port: int
    key: str
    pid: int | None
    """The root of its processes; None where its cost is not measured."""


@contextmanager
def upstream(folder: Path) -> Iterator[int]:
    """Start the provider and give its port."""
    port = ports.free()
    with _process(
        [sys.executable, "-m", "bench.speed.provider", str(port)], folder / "provider.log", {}
    ) as pid:
        _wait_for_port(port)
        pinning.pin(pid, pinning.LOAD_CORE)
        yield port


def direct(upstream_port: int) -> Target:
    """Return the provider itself: what latencies are added to."""
    return Target("direct", upstream_port, KEY, None)


@contextmanager
def relay(folder: Path, upstream_port: int) -> Iterator[Target]:
    """Start the bare relay."""
    port = ports.free()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "1", "--no-ws", "--no-access-log", "bench.speed.relay:app"]
    environ = {"BENCH_PROVIDER": f"http://127.0.0.1:{upstream_port}"}
    with _process(command, folder / "relay.log", environ) as pid:
        _wait_for_port(port)
        pinning.pin(pid, pinning.GATEWAY_CORE)
        yield Target("relay", port, KEY, pid)


@contextmanager
def tianji(folder: Path, upstream_port: int) -> Iterator[Target]:
    """Start the whole system; only its gateway has the core to itself."""
    home = folder / "tianji"
    home.mkdir()
    config = _config(upstream_port) + crossings.config(f"http://127.0.0.1:{upstream_port}")
    with System(home, config) as system:
        key = _new_key(system)
        for part, pids in system.pids.items():
            core = pinning.GATEWAY_CORE if part == "gateway" else pinning.LOAD_CORE
            for pid in pids:
                if part != "up":
                    pinning.pin(pid, core)
        yield Target("tianji", int(system.url.rpartition(":")[2]), key, system.pids["gateway"][0])


@contextmanager
def litellm(folder: Path, upstream_port: int) -> Iterator[Target | None]:
    """Start LiteLLM's proxy without a database; None where it is not installed."""
    binary = os.environ.get("LITELLM_BIN") or shutil.which("litellm")
    if binary is None:
        print("LiteLLM is not installed here and is left out; LITELLM_BIN may name it", flush=True)
        yield None
        return
    port = ports.free()
    config = folder / "litellm.yaml"
    config.write_text(_config(upstream_port) + f"general_settings: {{master_key: {KEY}}}\n")
    command = [
        binary,
        "--config",
        str(config),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--num_workers",
        "1",
    ]
    environ = {"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with _process(command, folder / "litellm.log", environ) as pid:
        _wait_for(f"http://127.0.0.1:{port}/health/liveliness")
        pinning.pin(pid, pinning.GATEWAY_CORE)
        yield Target("litellm", port, KEY, pid)


def _config(upstream_port: int) -> str:
    params = f"{{model: openai/{MODEL}, api_base: 'http://127.0.0.1:{upstream_port}/v1', api_key: sk-upstream"
    prices = "input_cost_per_token: 0.00000015, output_cost_per_token: 0.0000006}"
    return f"model_list:\n  - model_name: {MODEL}\n    litellm_params: {params}, {prices}\n"


def _new_key(system: System) -> str:
    request = urllib.request.Request(
        system.url + "/key/generate",
        data=b'{"key_alias": "bench"}',
        headers={"authorization": f"Bearer {system.master_key}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        key: str = msgspec.json.decode(answer.read())["key"]
    return key


@contextmanager
def _process(command: Sequence[str], log: Path, environ: dict[str, str]) -> Iterator[int]:
    path = os.pathsep.join([_TESTS, os.environ.get("PYTHONPATH", "")])
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**os.environ, **environ, "PYTHONPATH": path}
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (OSError, urllib.error.URLError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
