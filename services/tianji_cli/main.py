"""The `tianji` command: a table of verbs, each imported on use."""

from __future__ import annotations

import importlib
import sys

import click

from tianji.errors import TianjiError

# Verb: where its command is, and what it does. `--help` prints this without importing any verb.
VERBS = {
    "up": ("tianji_cli.verbs.up", "Start the whole system on this machine."),
    "server": ("tianji_cli.verbs.up", "The same as up."),
    "gateway": ("tianji_cli.verbs.gateway", "Start a data plane."),
    "control": ("tianji_cli.verbs.control", "Start the control plane."),
    "worker": ("tianji_cli.verbs.worker", "Start the worker."),
    "env": ("tianji_cli.verbs.env", "Print what a further process needs to join the running system."),
    "reload": ("tianji_cli.verbs.reload", "Read the config file again, without a restart."),
    "init": ("tianji_cli.verbs.init", "Write a commented config file."),
    "check": ("tianji_cli.verbs.check", "Validate a config file and list every problem."),
    "migrate": ("tianji_cli.verbs.migrate", "Bring the database to this version's schema."),
    "spend": ("tianji_cli.verbs.spend", "Check the books, and see what could not be booked."),
    "key": ("tianji_cli.verbs.key", "Look at virtual keys."),
}


class Verbs(click.Group):
    """A click group that finds its commands in VERBS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, sentence) for verb, (_, sentence) in VERBS.items()])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tianji", message="tianji %(version)s")
def cli() -> None:
    """TianjiLLM: an AI gateway. Each verb has its own --help."""


def main() -> None:
    """Run the command line; a fault that has a name ends with one line and status 1."""
    try:
        cli(prog_name="tianji")
    except TianjiError as fault:
        click.echo(f"tianji: {fault}", err=True)
        sys.exit(1)
