"""`tianji control`: the control plane."""

from __future__ import annotations

import os

import click

from tianji.settings import read
from tianji_cli import service_process


@click.command()
@click.option("--host", help="Address to listen on; default 0.0.0.0.")
@click.option("--port", type=int, help="Port to listen on; default 4001.")
def command(**options: object) -> None:
    """Run the control plane until stopped; its settings come from the environment."""
    service_process.prepare("control")
    from tianji_control.serve import run
    from tianji_control.settings import ControlSettings

    run(read(ControlSettings, os.environ, **options))
