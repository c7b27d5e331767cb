"""`tianji gateway`: one data plane."""

from __future__ import annotations

import os
import socket

import click

from tianji.settings import read
from tianji_cli import service_process


@click.command()
@click.option("--host", help="Address to listen on; default 0.0.0.0.")
@click.option("--port", type=int, help="Port to listen on; default 4000.")
@click.option("--workers", type=click.IntRange(1), help="How many processes serve.")
def command(**options: object) -> None:
    """Serve inference requests until stopped; `eval "$(tianji env)"` first joins a running system."""
    port = options["port"] or os.environ.get("TIANJI_PORT") or 4000
    # Two gateways may share a machine and a home, not an id: it names their spool.
    os.environ.setdefault("TIANJI_GATEWAY_ID", f"{socket.gethostname()}-{port}")
    service_process.prepare("gateway")
    from tianji_gateway.serve import run
    from tianji_gateway.settings import GatewaySettings

    run(read(GatewaySettings, os.environ, **options))
