"""`tianji init`: writes a commented config file to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click


def starter() -> str:
    """Return the text of the config file that `tianji init` writes."""
    return resources.files("tianji_cli.verbs").joinpath("starter.yaml").read_text("utf-8")


@click.command("init")
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False), default=Path("proxy_config.yaml"))
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def command(config: Path, force: bool) -> None:
    """Write a commented config file (proxy_config.yaml unless named otherwise)."""
    try:
        with config.open("w" if force else "x", encoding="utf-8") as file:
            file.write(starter())
    except FileExistsError:
        raise click.ClickException(f"{config} is there already; --force replaces it") from None
    except OSError as fault:
        raise click.ClickException(f"{config} cannot be written: {fault.strerror}") from None
    click.echo(f"wrote {config}\nnext: tianji check {config} && tianji up --config {config}")
