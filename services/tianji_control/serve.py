"""The control plane as a process."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
import sys

from granian.constants import HTTPModes, Interfaces, Loops
from granian.server.mp import MPServer
from starlette.types import ASGIApp

from tianji.obs.logging import configure, dict_config
from tianji_control import config_file
from tianji_control.app import create_app
from tianji_control.settings import ControlSettings

log = logging.getLogger(__name__)


def run(settings: ControlSettings) -> None:
    """Serve until SIGTERM or SIGINT; a config file with errors ends the start with all of them."""
    configure(settings.log_level, settings.log_format)
    try:
        asyncio.run(config_file.read(settings))
    except config_file.ConfigRefused as refused:
        sys.exit(refused.message)
    server = MPServer(
        "tianji_control.app:create_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        workers_kill_timeout=max(1, round(settings.drain_seconds)),
        respawn_failed_workers=True,
        log_dictconfig=dict_config(settings.log_level, settings.log_format),
    )
    server.on_startup(functools.partial(_forward_hangup, server))
    server.serve(target_loader=functools.partial(_load, settings), wrap_loader=False)


def _load(settings: ControlSettings) -> ASGIApp:
    """Build the app in the worker process."""
    return create_app(settings)


def _forward_hangup(server: MPServer) -> None:
    """Pass SIGHUP on to the worker, which reads its config again; Granian would replace the worker.

    The worker is forked with this handler, so that a signal that comes early does not end it.
    """

    def forward(*_: object) -> None:
        for worker in server.wrks:
            if worker.inner.pid not in (None, os.getpid()) and worker.is_alive():
                os.kill(worker.inner.pid, signal.SIGHUP)

    signal.signal(signal.SIGHUP, forward)
