"""A small race for a budget and for slots; `make race` runs the large ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
RACES = ("--contest", "budget", "--contest", "parallel", "--trouble", "none", "--trouble", "flush")


@pytest.mark.timeout(600)
def test_many_clients_on_two_gateways_pass_no_limit_even_where_redis_forgets_all() -> None:
    command = [sys.executable, "-m", "race", "--runs", "1", "--gateways", "2", "--clients", "24", *RACES]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}

    ran = subprocess.run(
        [*command, "--least", "0.7"], env=environ, capture_output=True, text=True, timeout=560
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = re.findall(r"^(budget 1.00|parallel 20) +(none|flush) ", ran.stdout, re.MULTILINE)
    assert len(rows) == 4, ran.stdout
