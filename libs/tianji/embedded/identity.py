"""As whom a server runs, and until when.

Postgres refuses to run as root. A root parent therefore gives it a user namespace of one entry,
in which its own files are those of an ordinary user and nothing on disk changes hands; where a
container forbids that, the server runs as user nobody.
"""

from __future__ import annotations

import ctypes
import functools
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000

# Loaded here and not in the child: between fork and exec as little as possible happens.
_libc = ctypes.CDLL(None, use_errno=True)


class SpawnOptions(TypedDict, total=False):
    """The options of Popen that decide as whom a process runs."""

    preexec_fn: Callable[[], None]
    user: str
    group: int
    extra_groups: list[int]


def plain(when_parent_dies: signal.Signals) -> SpawnOptions:
    """Run as the same user; end on the parent's death."""
    return {"preexec_fn": functools.partial(end_with, os.getpid(), when_parent_dies)}


def in_namespace(when_parent_dies: signal.Signals) -> SpawnOptions:
    """Run in a user namespace in which root's files belong to user nobody."""
    nobody = pwd.getpwnam("nobody")

    def enter(parent: int = os.getpid()) -> None:
        _become(nobody.pw_uid, nobody.pw_gid)
        end_with(parent, when_parent_dies)

    return {"preexec_fn": enter}


def as_nobody(when_parent_dies: signal.Signals) -> SpawnOptions:
    """Run as user nobody, who must be able to reach the program and its files."""
    group = pwd.getpwnam("nobody").pw_gid
    return plain(when_parent_dies) | {"user": "nobody", "group": group, "extra_groups": []}


def can_run(program: Path, options: SpawnOptions) -> bool:
    """Say whether this program starts with these options."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, cwd="/", timeout=10, **options)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def can_enter(folder: Path, options: SpawnOptions) -> bool:
    """Say whether this folder can be reached with these options."""
    command = ["/bin/sh", "-c", 'cd "$0"', str(folder)]
    return subprocess.run(command, capture_output=True, cwd="/", timeout=10, **options).returncode == 0


def end_with(parent: int, when_parent_dies: signal.Signals) -> None:
    """Ask the kernel to signal this process when its parent ends."""
    if sys.platform != "linux":
        return
    _libc.prctl(PR_SET_PDEATHSIG, int(when_parent_dies), 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        os._exit(1)


def _become(uid: int, gid: int) -> None:
    """Enter a user namespace in which the present user and group have these ids."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")
