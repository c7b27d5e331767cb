"""`tianji up`: start, readiness, restart, stop; over real processes only."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tianji.embedded import ports
from tianji_testkit.system import System, clean_environ


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    with System(tmp_path_factory.mktemp("system")) as system:
        yield system


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.status


def get_body(url, key):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def post(url, key):
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, b"{}", headers), timeout=30) as answer:
        return answer.read()


def ready(url):
    try:
        return get(url + "/health/readiness") == 200
    except OSError:
        return False


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def eventually(condition, within_s=60.0):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_exactly_one_line_says_ready_and_names_the_gateway(system):
    assert [line for line in system.printed if line.startswith("tianji ready ")] == [
        f"tianji ready {system.url}"
    ]
    assert system.printed[0] == f"tianji ready {system.url}"


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_printed_example_answers(system):
    command = next(line for line in system.printed if line.startswith("try it: ")).removeprefix("try it: ")

    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30)

    assert '"choices"' in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("part", ["url", "control_url", "worker_url"])
@pytest.mark.parametrize("path", ["/health/liveness", "/health/liveliness", "/health/readiness", "/metrics"])
def test_every_service_tells_its_health(system, part, path):
    assert get(getattr(system, part) + path) == 200


def test_env_names_what_a_further_process_needs(system):
    printed = system.tianji("env").stdout
    exports = dict(line.removeprefix("export ").split("=", 1) for line in printed.splitlines())

    assert {"DATABASE_URL", "NATS_URL", "REDIS_URL", "TIANJI_CONTROL_URL", "TIANJI_SALT_KEY"} <= set(exports)
    for part in ("POSTGRES", "NATS", "REDIS", "CONTROL", "WORKER", "GATEWAY"):
        assert all(alive(int(pid)) for pid in shlex.split(exports[f"TIANJI_PID_{part}"])[0].split())


def test_a_second_up_in_the_same_home_is_refused(system):
    done = system.tianji("up")

    assert done.returncode == 1
    assert "already up in" in done.stderr


def test_a_made_key_is_accepted_and_a_made_up_one_is_refused(system):
    made = json.loads(post(system.url + "/key/generate", system.master_key))["key"]

    accepted, refused = system.tianji("key", "validate", made), system.tianji("key", "validate", "sk-made-up")

    assert (accepted.returncode, refused.returncode) == (0, 1)
    assert made not in accepted.stdout + accepted.stderr
    assert system.tianji("key", "validate", system.master_key).returncode == 0


def test_a_further_gateway_joins_with_what_env_prints(system):
    port = ports.free()
    join = f'eval "$("$0" -m tianji_cli env)"; exec "$0" -m tianji_cli gateway --port {port}'
    environ = {**clean_environ(), "TIANJI_HOME": str(system.home)}
    with subprocess.Popen(
        ["sh", "-c", join, sys.executable], env=environ, stderr=subprocess.DEVNULL
    ) as gateway:
        try:
            eventually(lambda: ready(f"http://127.0.0.1:{port}"))
            assert b"tianji-demo" in get_body(f"http://127.0.0.1:{port}/v1/models", system.master_key)
        finally:
            gateway.terminate()
    assert gateway.returncode == 0


def test_the_config_is_read_again_on_request_and_on_hangup(system):
    assert system.tianji("reload").returncode == 0

    system.send(signal.SIGHUP)

    eventually(lambda: "the config file was read again" in system.log.read_text())


@pytest.mark.parametrize("part", ["postgres", "nats", "redis", "control", "worker", "gateway"])
def test_a_killed_part_comes_back(system, part):
    before = system.pids[part]

    system.kill(part)

    eventually(lambda: system.pids[part] and not set(system.pids[part]) & set(before))
    eventually(lambda: all_ready(system))


def all_ready(system):
    return all(map(ready, (system.url, system.control_url, system.worker_url)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_it_stops_clean_and_starts_again_with_the_same_key(tmp_path, number):
    system = System(tmp_path, gateways=2).start()
    key, pids = system.master_key, [pid for pids in system.pids.values() for pid in pids]
    assert any(key in line for line in system.printed)
    began = time.monotonic()

    assert system.stop(number) == 0

    assert time.monotonic() - began < 15
    assert not [pid for pid in pids if alive(pid)]
    with system:
        assert system.master_key == key
        assert not any(key in line for line in system.printed)


def test_nothing_outlives_a_killed_up(tmp_path):
    system = System(tmp_path).start()
    pids = [pid for pids in system.pids.values() for pid in pids]

    system.stop(signal.SIGKILL)

    eventually(lambda: not [pid for pid in pids if alive(pid)])
    with system:
        assert all_ready(system)


def test_a_taken_port_is_named_with_the_setting_that_changes_it(system, tmp_path):
    port = system.url.rpartition(":")[2]
    other = System(tmp_path, environ={"TIANJI_PORT": port})

    done = other.tianji("up")

    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert "TIANJI_PORT" in done.stderr
