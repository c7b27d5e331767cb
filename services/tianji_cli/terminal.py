"""Being the terminal's foreground job, also below `make`."""

from __future__ import annotations

import atexit
import errno
import os
import signal


def own() -> None:
    """Take Ctrl-C for ourselves when a program such as `make` started us in the foreground.

    Make would end with an error on the same Ctrl-C that stops us in good order.
    """
    try:
        group = os.getpgrp()
        if group == os.getpid() or os.tcgetpgrp(0) != group:
            return
        os.setpgid(0, 0)
        _give(os.getpid())
    except OSError:  # no terminal
        return
    atexit.register(_give, group)


def lost() -> bool:
    """Say whether the terminal that we were started on has been closed."""
    try:
        os.tcgetpgrp(0)
    except OSError as fault:
        return fault.errno == errno.EIO
    return False


def _give(group: int) -> None:
    """Make this process group the foreground one."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # who is in the background is stopped for this
    try:
        os.tcsetpgrp(0, group)
    except OSError:  # the terminal or the group is gone
        pass
    finally:
        signal.signal(signal.SIGTTOU, before)
