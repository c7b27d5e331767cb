"""Lines for the operator."""

from __future__ import annotations

import subprocess
import sys

from tianji_cli import say

PROGRAM = """
import sys
from tianji_cli import say
sys.stdin.readline()
say.result("first")
say.result("second")
say.progress("done")
"""


def test_a_reader_that_went_away_does_no_harm():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], text=True, **pipes) as process:
        process.stdout.close()
        process.stdin.write("\n")
        process.stdin.flush()

        assert process.stderr.read() == "tianji: done\n"

    assert process.returncode == 0


def test_each_line_is_out_at_once(capsys):
    say.result("tianji ready http://127.0.0.1:4000")
    say.progress("starting")

    assert capsys.readouterr() == ("tianji ready http://127.0.0.1:4000\n", "tianji: starting\n")
