"""Metrics, in one process and summed over several."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import os, sys, time
from tianji.obs import metrics
metrics.requests.labels("/v1/chat/completions", "echo", "200").inc()
metrics.in_flight.inc()
metrics.snapshot_revision.set(int(sys.argv[1]))
"""
REQUESTS = (
    'litellm_proxy_total_requests_metric_total{requested_model="echo",route="/v1/chat/completions",'
    'status_code="200"}'
)


def run(program, folder, *arguments):
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=environ, check=True, capture_output=True, text=True, timeout=30).stdout


def rendered(folder):
    text = run(
        "import sys; from tianji.obs import metrics; sys.stdout.buffer.write(metrics.render())", folder
    )
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_processes_of_a_service_add_up(tmp_path):
    run(PROGRAM, tmp_path, "7")
    run(PROGRAM, tmp_path, "8")

    values = rendered(tmp_path)

    assert values[REQUESTS] == "2.0"
    assert values["tianji_snapshot_revision"] == "8.0"


def test_what_a_dead_process_was_serving_is_forgotten(tmp_path):
    run(PROGRAM, tmp_path, "7")

    assert rendered(tmp_path)["litellm_in_flight_requests"] == "0.0"


def test_one_process_renders_its_own_registry():
    from tianji.obs import metrics

    assert b"# TYPE tianji_ledger_rows_total counter" in metrics.render()
