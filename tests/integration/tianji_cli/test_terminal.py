"""Ctrl-C on a real terminal, below a program that would end with an error on it."""

from __future__ import annotations

import os
import pty
import sys

CHILD = """
import signal, sys
from tianji_cli import terminal
terminal.own()
signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
print("child ready", flush=True)
signal.pause()
"""
PARENT = f"""
import os, subprocess, sys
child = subprocess.run([sys.executable, "-c", {CHILD!r}])
print("child ended with", child.returncode)
print("terminal is back", os.tcgetpgrp(0) == os.getpgrp())
"""


def test_ctrl_c_reaches_the_child_alone_and_the_terminal_goes_back():
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", PARENT])
    seen = read_until(terminal, b"child ready")
    os.write(terminal, b"\x03")

    seen += read_until(terminal, b"nothing more")

    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert b"child ended with 7" in seen
    assert b"terminal is back True" in seen
    assert os.waitstatus_to_exitcode(status) == 0


def read_until(terminal, wanted):
    seen = b""
    while wanted not in seen:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # the last process on it has ended
            break
    return seen
