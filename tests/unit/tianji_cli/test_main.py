"""The table of verbs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from tianji_cli.main import VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_command_with_help(verb):
    command = importlib.import_module(VERBS[verb][0]).command

    assert command.help


def test_help_lists_every_verb_and_imports_none():
    program = (
        "import sys\nsys.argv = ['tianji', '--help']\nfrom tianji_cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('tianji_cli.verbs.')])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert all(f"\n  {verb} " in printed for verb in VERBS)
    assert printed.endswith("[]\n")


def test_a_fault_is_one_line_and_status_one(tmp_path):
    command = [sys.executable, "-m", "tianji_cli", "env"]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("tianji: no tianji is up in ")
    assert done.stderr.count("\n") == 1
