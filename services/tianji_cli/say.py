"""Lines for the operator; a reader that went away must not bring the system down."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def progress(line: str) -> None:
    """Print a line about what is going on to stderr."""
    _write(sys.stderr, f"tianji: {line}")


def result(line: str) -> None:
    """Print a line that others may read to stdout, at once."""
    _write(sys.stdout, line)


def _write(stream: TextIO, line: str) -> None:
    try:
        print(line, file=stream, flush=True)
    except OSError:  # a closed pipe, a terminal that is gone: from now on nobody reads this
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
