"""`tianji key`: questions about virtual keys."""

from __future__ import annotations

import os
import sys

import click
import msgspec

from tianji.errors import Unavailable
from tianji_cli import http
from tianji_cli.home import Home

INVALID, UNREACHABLE = 1, 3


@click.group(name="key")
def command() -> None:
    """Look at virtual keys."""


@command.command()
@click.argument("key")
@click.option("--url", help="Gateway or control plane; default the running one.")
@click.option("--json", "as_json", is_flag=True, help="Print the key's record as JSON.")
def validate(key: str, url: str | None, as_json: bool) -> None:
    """Say whether KEY is accepted; "-" reads it from stdin, so that it is not seen in process lists.

    Exit status: 0 accepted, 1 refused, 3 nothing answers.
    """
    if key == "-":
        key = sys.stdin.readline().strip()
    url = url or os.environ.get("TIANJI_CONTROL_URL") or Home.of(os.environ).running().gateway_url
    try:
        reply = http.call("GET", url.rstrip("/") + "/key/info", key=key)
    except Unavailable as fault:
        click.echo(f"tianji: {fault}", err=True)
        sys.exit(UNREACHABLE)
    if reply.status >= 500:
        click.echo(f"tianji: {http.message_of(reply)}", err=True)
        sys.exit(UNREACHABLE)
    accepted = _accepted(reply)
    if as_json:
        click.echo(msgspec.json.format(reply.body).decode())
    else:
        click.echo("the key is accepted" if accepted else f"refused: {http.message_of(reply)}")
    sys.exit(0 if accepted else INVALID)


def _accepted(reply: http.Reply) -> bool:
    """Read an answer to `/key/info`; a key may be let in and still not be shown a record."""
    if reply.status == 200:
        return True
    try:
        error = msgspec.json.decode(reply.body)["error"]
        limited_to_routes = reply.status == 403 and error["type"] == "auth_error"
        is_master = reply.status == 404 and error["param"] == "key"
    except (msgspec.DecodeError, KeyError, TypeError):
        return False
    return limited_to_routes or is_master
