"""`tianji check`: validates a config file and lists every problem at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import msgspec

from tianji.config import Loaded, load


@click.command("check")
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--strict", is_flag=True, help="Exit with status 1 on warnings, too.")
def command(config: Path, as_json: bool, strict: bool) -> None:
    """Validate a config file and list every problem.

    Exits with 0 when the file can be used (warnings say what will not work as written), with 1 when
    it cannot. References are looked up in the environment of this command.
    """
    loaded = load(config, os.environ)
    click.echo(_json(loaded) if as_json else _text(config, loaded))
    if loaded.errors or (strict and loaded.warnings):
        sys.exit(1)


def _text(config: Path, loaded: Loaded) -> str:
    errors, warnings = len(loaded.errors), len(loaded.warnings)
    verdict = "cannot be used" if errors else "can be used"
    counts = (
        f"{_count(errors, 'error')}, {_count(warnings, 'warning')}, {_count(len(loaded.models), 'model')}"
    )
    return "\n".join([*map(str, loaded.problems), f"{config} {verdict}: {counts}"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _json(loaded: Loaded) -> str:
    report = {
        "usable": not loaded.errors,
        "errors": len(loaded.errors),
        "warnings": len(loaded.warnings),
        "models": len(loaded.models),
        "documents": [str(document) for document in loaded.documents],
        "problems": loaded.problems,
    }
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
