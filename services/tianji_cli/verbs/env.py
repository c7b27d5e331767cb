"""`tianji env`: what a further process needs to join the running system."""

from __future__ import annotations

import os
import shlex

import click
import msgspec

from tianji_cli.home import Home, Running


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of shell exports.")
def command(as_json: bool) -> None:
    """Print the running system's URLs, keys and process ids: eval "$(tianji env)"."""
    values = variables(Home.of(os.environ).running())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(values)).decode())
        return
    for name, value in values.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def variables(running: Running) -> dict[str, str]:
    """List the environment of the system that runs."""
    pids = {f"TIANJI_PID_{part.upper()}": " ".join(map(str, pids)) for part, pids in running.pids.items()}
    return {
        **running.env,
        "TIANJI_GATEWAY_URL": running.gateway_url,
        "TIANJI_PID_UP": str(running.pid),
        **pids,
    }
