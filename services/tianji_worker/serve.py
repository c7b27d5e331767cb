"""The worker as a process."""

from __future__ import annotations

import functools

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from starlette.types import ASGIApp

from tianji.obs.logging import configure, dict_config
from tianji_worker.app import create_app
from tianji_worker.settings import WorkerSettings


def run(settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT; the batch under way is finished."""
    configure(settings.log_level, settings.log_format)
    server = Granian(
        "tianji_worker.app:create_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        workers_kill_timeout=max(1, round(settings.drain_seconds) + 2),
        respawn_failed_workers=True,
        log_dictconfig=dict_config(settings.log_level, settings.log_format),
    )
    server.serve(target_loader=functools.partial(_load, settings), wrap_loader=False)


def _load(settings: WorkerSettings) -> ASGIApp:
    """Build the app in the worker process."""
    return create_app(settings)
