"""`tianji reload`: read the config file again."""

from __future__ import annotations

import os

import click
import msgspec

from tianji.errors import TianjiError
from tianji.settings import Secret, read
from tianji_cli import http
from tianji_cli.home import Home


class _Control(msgspec.Struct, frozen=True):
    control_url: str
    master_key: Secret


@click.command()
def command() -> None:
    """Make the control plane read its config file again; running requests are not disturbed.

    The control plane is the one of TIANJI_CONTROL_URL, else the one that is up in TIANJI_HOME.
    """
    environ = dict(os.environ)
    if not environ.get("TIANJI_CONTROL_URL"):
        environ = {**environ, **Home.of(environ).running().env}
    control = read(_Control, environ)
    reload(control.control_url, control.master_key.reveal())
    click.echo("the config file was read again")


def reload(control_url: str, master_key: str) -> None:
    """Ask the control plane to read its config file again; raise what it answers when it refuses."""
    reply = http.call("POST", control_url + "/config/reload", key=master_key, body=b"{}", timeout_s=30)
    if reply.status != 200:
        raise TianjiError(http.message_of(reply))
