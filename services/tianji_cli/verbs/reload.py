"""`tianji reload`: read the config file again."""

from __future__ import annotations

import os

import click

from tianji.settings import Secret
from tianji_cli.control import Control


@click.command()
def command() -> None:
    """Make the control plane read its config file again; running requests are not disturbed.

    The control plane is the one of TIANJI_CONTROL_URL, else the one that is up in TIANJI_HOME.
    """
    _reload(Control.of(os.environ))
    click.echo("the config file was read again")


def reload(control_url: str, master_key: str) -> None:
    """Ask the control plane to read its config file again; raise what it answers when it refuses."""
    _reload(Control(control_url, Secret(master_key)))


def _reload(control: Control) -> None:
    control.ask("POST", "/config/reload", {})
