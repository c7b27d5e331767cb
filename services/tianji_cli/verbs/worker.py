"""`tianji worker`: the worker."""

from __future__ import annotations

import os

import click

from tianji.settings import read
from tianji_cli import service_process


@click.command()
@click.option("--host", help="Address to listen on; default 0.0.0.0.")
@click.option("--port", type=int, help="Port to listen on; default 4002.")
def command(**options: object) -> None:
    """Run the worker until stopped; its settings come from the environment."""
    service_process.prepare("worker")
    from tianji_worker.serve import run
    from tianji_worker.settings import WorkerSettings

    run(read(WorkerSettings, os.environ, **options))
