"""Worker processes end with the process that started them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import multiprocessing, os, time
from tianji_cli import service_process

def work(pipe):
    pipe.send((os.getpid(), os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    time.sleep(60)

service_process.prepare("gateway")
ours, theirs = multiprocessing.Pipe()
multiprocessing.Process(target=work, args=(theirs,)).start()
theirs.close()
print(*ours.recv(), flush=True)
time.sleep(60)
"""


def test_a_worker_process_ends_when_its_parent_is_killed():
    # The worker holds the pipe's other end, so that reading ends when the worker does.
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker, folder = parent.stdout.readline().split()
        parent.kill()

        assert parent.stdout.read() == b""

    assert int(worker) != parent.pid
    Path(folder.decode()).rmdir()
