"""A few random walks through what keys may do; `make walks` takes a thousand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.timeout(600)
def test_gateways_let_through_what_the_model_does() -> None:
    command = [sys.executable, "-m", "walks", "--walks", "15", "--seed", "7"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}

    ran = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=560)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = re.search(r"15 walks, (\d+) steps, (\d+) comparisons, 0 differences", ran.stdout)
    assert told is not None, ran.stdout
    assert int(told[1]) >= 15 * 15
    assert int(told[2]) > 50 * 15
