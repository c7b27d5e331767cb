"""What a process needs before it becomes a gateway, a control plane or a worker."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile

from tianji.embedded import identity

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def prepare(service: str) -> None:
    """Get this process ready; call it before the service is imported."""
    _name_metrics_folder(service)
    _take_children_along()


def _name_metrics_folder(service: str) -> None:
    """Name the folder through which worker processes add up their metrics, unless it is named.

    The metrics look at the environment once, when they are imported.
    """
    if os.environ.get(METRICS_FOLDER):
        return
    folder = tempfile.mkdtemp(prefix=f"tianji-{service}-metrics-")
    os.environ[METRICS_FOLDER] = folder
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)


def _take_children_along() -> None:
    """Make worker processes stop when this one is killed: they would go on serving unattended."""
    owner = os.getpid()

    def follow() -> None:
        if os.getppid() == owner:
            identity.end_with(owner, signal.SIGTERM)

    os.register_at_fork(after_in_child=follow)
    if sys.platform == "linux":  # from Python 3.14 on not the default; only a fork takes the hook along
        multiprocessing.set_start_method("fork", force=True)
