"""Starts the gateway's processes, and drains them when they are told to stop."""

from __future__ import annotations

import math
import socket
from functools import partial

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops

from tianji.errors import Unavailable
from tianji.obs import logging as obs_logging
from tianji_gateway.app import App
from tianji_gateway.process import process
from tianji_gateway.settings import GatewaySettings

_MARGIN_S = 2
"""What a process needs after its last request: to ship spend events and say goodbye."""


def run(settings: GatewaySettings) -> None:
    """Serve until SIGTERM or SIGINT; streams under way may finish within `drain_seconds`.

    Raises Unavailable when another process listens on the port.
    """
    obs_logging.configure(settings.log_level, settings.log_format)
    _require_free(settings.host, settings.port)
    server = Granian(
        "tianji_gateway.app:App",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        workers=settings.workers,
        loop=Loops.uvloop,
        backlog=settings.backlog,
        websockets=False,
        workers_kill_timeout=math.ceil(settings.drain_seconds) + _MARGIN_S,
        respawn_failed_workers=True,
        log_dictconfig=obs_logging.dict_config(settings.log_level, settings.log_format),
    )
    app = App(partial(process, settings))
    server.serve(target_loader=lambda: app, wrap_loader=False)


def _require_free(host: str, port: int) -> None:
    """Refuse a port in use: the server's workers share theirs, and would share it with a stranger too."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise Unavailable(f"cannot listen on {host}:{port}: {fault.strerror}") from None
