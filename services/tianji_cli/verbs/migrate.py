"""`tianji migrate`: bring the database to this version's schema."""

from __future__ import annotations

import os
from typing import Annotated

import click
import msgspec

from tianji.settings import Secret, read, variable
from tianji_cli.home import Home


class _Database(msgspec.Struct, frozen=True):
    url: Annotated[Secret, variable("DATABASE_URL")]


@click.command()
def command() -> None:
    """Apply the migrations that the database lacks; safe to run from several machines at once.

    The database is the one of DATABASE_URL, else the one that is up in TIANJI_HOME.
    """
    from tianji.store import migrate

    environ = dict(os.environ)
    if not environ.get("DATABASE_URL"):
        environ |= Home.of(environ).running().env
    migrate.up(read(_Database, environ).url.reveal())
