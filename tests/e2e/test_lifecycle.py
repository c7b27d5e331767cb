"""What was made and spent before a stop is there after the next start."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from tianji_testkit import processes
from tianji_testkit.http import call
from tianji_testkit.system import System

RUN = """
import sys, time
from pathlib import Path
from tianji_testkit.system import System

with System(Path(sys.argv[1])):
    print("up", flush=True)
    time.sleep(60)
"""

HELLO = {"model": "tianji-demo", "messages": [{"role": "user", "content": "Hello"}]}


def test_keys_and_spend_are_kept_over_a_restart(tmp_path: Path) -> None:
    system = System(tmp_path).start()
    key = system.master_key
    status, made = call("POST", system.url + "/key/generate", {"key_alias": "kept"}, key=key)
    assert status == 200
    assert call("POST", system.url + "/v1/chat/completions", HELLO, key=made["key"])[0] == 200
    before = _spend_rows(system, key, made["key"])

    assert system.stop(signal.SIGINT) == 0

    with system:
        assert system.master_key == key
        assert call("POST", system.url + "/v1/chat/completions", HELLO, key=made["key"])[0] == 200
        assert _spend_rows(system, key, made["key"], least=2)[0] == before[0]


def test_a_killed_test_run_leaves_nothing_running(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"up\n"
        started = processes.tree(run.pid)[1:]
        run.kill()

    assert len(started) > 6
    end = time.monotonic() + 20
    while left := [pid for pid in started if Path(f"/proc/{pid}").exists() and not _is_dead(pid)]:
        assert time.monotonic() < end, [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left]
        time.sleep(0.05)


def _is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _spend_rows(system: System, admin: str, key: str, least: int = 1) -> list[dict[str, object]]:
    end = time.monotonic() + 5
    while True:
        _, rows = call("GET", f"{system.url}/spend/logs?api_key={key}", key=admin)
        if len(rows) >= least:
            return sorted(rows, key=lambda row: str(row["startTime"]))
        assert time.monotonic() < end
        time.sleep(0.05)
