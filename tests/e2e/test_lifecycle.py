"""What was made and spent before a stop is there after the next start."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tianji_testkit.http import call
from tianji_testkit.system import System

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


def _spend_rows(system: System, admin: str, key: str, least: int = 1) -> list[dict[str, object]]:
    end = time.monotonic() + 5
    while True:
        _, rows = call("GET", f"{system.url}/spend/logs?api_key={key}", key=admin)
        if len(rows) >= least:
            return sorted(rows, key=lambda row: str(row["startTime"]))
        assert time.monotonic() < end
        time.sleep(0.05)
