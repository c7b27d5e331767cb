"""The folder through which the processes of one service add up their metrics."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare(service: str) -> None:
    """Name a fresh folder in the environment unless it names one.

    Call it before anything imports the metrics: they look at the environment once.
    """
    if os.environ.get(VARIABLE):
        return
    folder = tempfile.mkdtemp(prefix=f"tianji-{service}-metrics-")
    os.environ[VARIABLE] = folder
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)
