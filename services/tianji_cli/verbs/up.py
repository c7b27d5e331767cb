"""`tianji up`: the whole system on one machine, in the foreground."""

from __future__ import annotations

import os
import shlex

import click
import msgspec

from tianji.errors import TianjiError
from tianji.settings import read
from tianji_cli import http, say, terminal
from tianji_cli.default_config import DEMO_MODEL
from tianji_cli.home import Home
from tianji_cli.keys import Keys, forget, settle_keys
from tianji_cli.signals import heard
from tianji_cli.supervise import Interrupted
from tianji_cli.system import System, UpSettings
from tianji_cli.user_config import settle_config
from tianji_cli.verbs.reload import reload

# The parts of a system that was killed end by themselves, after their streams.
ORPHANS_END_S = 12.0


@click.command()
@click.option("--config", type=click.Path(), help="Config file; without it a small default one.")
@click.option("--host", help="Address that the gateways listen on; default 127.0.0.1.")
@click.option("--port", type=int, help="Port of the first gateway; default 4000.")
@click.option("--gateways", type=click.IntRange(1, 64), help="How many gateways; ports 10 apart.")
@click.option("--workers", type=click.IntRange(1), help="Processes of each gateway.")
@click.option("--restart/--no-restart", default=None, help="Restart a part that died; default yes.")
def command(**options: object) -> None:
    """Start what has no URL set of Postgres, NATS and Redis, then control plane, worker and gateways.

    Prints one line to stdout, beginning with "tianji ready", when everything serves. Stops on SIGINT and
    SIGTERM; reads the config file again on SIGHUP. Data stays in TIANJI_HOME.
    """
    terminal.own()
    settings = read(UpSettings, os.environ, **options)
    home = Home.of(os.environ)
    with home.held() as after_kill, heard() as signals:
        config = settle_config(settings.config, home, os.environ)
        master = settings.master_key.reveal() if settings.master_key else config.master_key
        keys = settle_keys(home, master, settings.salt_key.reveal() if settings.salt_key else None)
        system = System(settings, home, config, keys, signals, say.progress)
        try:
            system.start(patience_s=ORPHANS_END_S if after_kill else 0)
            _announce(system, home, keys)
            system.supervisor.watch(lambda: _reload(system, keys))
        except Interrupted:
            pass
        finally:
            system.stop()
            forget(keys)
    say.progress(f"stopped; all data is kept in {home.folder}")


def _announce(system: System, home: Home, keys: Keys) -> None:
    """Print the ready line, and after it what a person needs next."""
    say.result(f"tianji ready {system.url}")
    if keys.made and home.show_master_key_once():
        say.result(f"admin key (shown this once, kept in {home.master_key}): {keys.master}")
    if model := _example_model(system.url, keys.master):
        body = msgspec.json.encode({"model": model, "messages": [{"role": "user", "content": "Hello!"}]})
        say.result(
            f"try it: curl -s {system.url}/v1/chat/completions"
            f' -H "Authorization: Bearer $(cat {shlex.quote(str(keys.file))})"'
            f' -H "Content-Type: application/json" -d {shlex.quote(body.decode())}'
        )


def _example_model(url: str, key: str) -> str:
    """Choose a model for the example: the demo model, else the first that is not a wildcard."""
    try:
        listed = msgspec.json.decode(http.call("GET", url + "/v1/models", key=key).body)
        names = [str(model["id"]) for model in listed["data"]]
    except (TianjiError, msgspec.DecodeError, KeyError, TypeError):
        return ""
    if DEMO_MODEL in names:
        return DEMO_MODEL
    return next((name for name in names if "*" not in name), "")


def _reload(system: System, keys: Keys) -> None:
    """Read the config file again; the same signal also says that our terminal is gone."""
    if terminal.lost():
        raise Interrupted
    try:
        reload(system.control_url, keys.master)
        say.progress("the config file was read again")
    except TianjiError as fault:
        say.progress(f"the config stays as it is: {fault}")
