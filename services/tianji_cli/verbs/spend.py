"""`tianji spend`: whether the books are right, and what could not be booked."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import urlencode

import click
import msgspec

from tianji_cli.control import Control
from tianji_cli.table import table

WAIT_S = 20
"""Longer than a living gateway needs to find the spool of a dead one."""
COMPARING_S = 600.0
"""For what reads many rows."""
PAGE = 500

WORDS = {
    "rows_missing": "ended but have no row",
    "rows_uncounted": "have a row but were not counted",
    "never_began": "ended but did not begin",
    "never_ended": "did not end, and their gateway is gone",
}
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(name="spend")
def command() -> None:
    """Check the books, and see what could not be booked.

    The control plane is the one of TIANJI_CONTROL_URL, else the one that is up in TIANJI_HOME.
    """


@command.command()
@click.option("--since", default="24h", show_default=True, help="How far to look back, such as 90m or 7d.")
@click.option(
    "--wait",
    default=WAIT_S,
    show_default=True,
    type=click.IntRange(0, 60),
    help="For how many seconds to look again at what does not fit.",
)
@_json_option
def reconcile(since: str, wait: int, as_json: bool) -> None:
    """Compare the calls that gateways counted with the ledger's rows, and the ledger's sums with its rows.

    Calls by gateway process and hour, sums by day, and budgets' windows that began in the range. Prints
    what differs. Exit status: 0 when nothing does, 1 otherwise.
    """
    path = f"/spend/reconcile?since={since}&wait={wait}"
    found = Control.of(os.environ).ask("GET", path, timeout_s=COMPARING_S)
    click.echo(_json(found) if as_json else _comparison(found))
    sys.exit(1 if found["differs"] else 0)


@command.command()
@click.option("--format", "format_", default="csv", show_default=True, type=click.Choice(["csv", "parquet"]))
@click.option("--since", required=True, metavar="DAY", help="The first day, such as 2026-01-01.")
@click.option("--until", metavar="DAY", help="The last day; today unless named.")
@click.option(
    "--output", "-o", default="-", show_default=True, type=click.File("wb"), help="The file to write."
)
def export(format_: str, since: str, until: str | None, output: BinaryIO) -> None:
    """Write what was charged as FOCUS 1.2: by day, key, model and kind of call."""
    last = until or datetime.now(UTC).date().isoformat()
    query = urlencode({"start_date": since, "end_date": last, "format": format_})
    output.write(Control.of(os.environ).fetch("GET", f"/focus/export?{query}", timeout_s=COMPARING_S))


@command.group(name="dead-letters")
def dead_letters() -> None:
    """Spend events that the worker could not write and set aside."""


@dead_letters.command(name="list")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000))
@click.option("--after", default=0, type=click.IntRange(0), help="Begin behind this id.")
@_json_option
def list_(limit: int, after: int, as_json: bool) -> None:
    """List them with time and reason, oldest first."""
    path = f"/spend/dead_letters?limit={limit}&after={after}"
    found = Control.of(os.environ).ask("GET", path)
    if as_json:
        click.echo(_json(found))
        return
    rows = [[one["id"], one["time"], one["bytes"], one["reason"]] for one in found["dead_letters"]]
    if rows:
        click.echo(table(["id", "time", "bytes", "reason"], rows))
    click.echo(f"{len(rows)} of {found['total']} dead letters")


@dead_letters.command()
@click.argument("id", type=click.IntRange(1))
def show(id: int) -> None:
    """Print one as JSON, with all that the event says."""
    click.echo(_json(Control.of(os.environ).ask("GET", f"/spend/dead_letters/{id}")))


@dead_letters.command()
@click.argument("ids", nargs=-1, type=click.IntRange(1))
@click.option("--all", "everything", is_flag=True, help="Replay all that are there now.")
@click.option(
    "--anew", is_flag=True, help="Count them though the rows of their days were dropped: they never were."
)
@_json_option
def replay(ids: tuple[int, ...], everything: bool, anew: bool, as_json: bool) -> None:
    """Give dead letters to the worker again, and remove them.

    One that still cannot be written is set aside anew, under another id. Exit status: 0 when all of
    them were there, 1 otherwise.
    """
    if bool(ids) == everything:
        raise click.UsageError("name the ids, or say --all")
    control = Control.of(os.environ)
    wanted = list(ids) or _all_ids(control)
    done: dict[str, list[int]] = {"replayed": [], "missing": []}
    for start in range(0, len(wanted), PAGE):
        ask = {"ids": wanted[start : start + PAGE], "anew": anew}
        answer = control.ask("POST", "/spend/dead_letters/replay", ask, timeout_s=COMPARING_S)
        for how in done:
            done[how] += answer[how]
    if as_json:
        click.echo(_json(done))
    else:
        click.echo(f"replayed {len(done['replayed'])} dead letters")
        for id in done["missing"]:
            click.echo(f"there is no dead letter {id}", err=True)
    sys.exit(1 if done["missing"] and not everything else 0)


def _all_ids(control: Control) -> list[int]:
    """List what is there now; what is set aside anew while we replay is left alone."""
    ids: list[int] = []
    while True:
        path = f"/spend/dead_letters?limit={PAGE}&after={ids[-1] if ids else 0}"
        page = control.ask("GET", path)["dead_letters"]
        if not page:
            return ids
        ids += [one["id"] for one in page]


def _comparison(found: dict[str, Any]) -> str:
    lines, names = found["lines"], ["began", "ended", "interrupted", "uncalled", "under_way", "rows"]
    unfit = [line for line in lines if line["differences"]]
    told = []
    if unfit:
        head = ["hour", "gateway process", *(name.replace("_", " ") for name in names)]
        rows = [[line["hour"], line["gateway_id"], *(line[name] for name in names)] for line in unfit]
        told.append(table(head, rows))
    for line in unfit:
        for what, calls in line["differences"].items():
            told.append(f"{line['hour']} {line['gateway_id']}: {calls} calls {WORDS.get(what, what)}")
    told += [_wrong(one) for one in found["sums"]]
    sums = ", ".join(f"{sum(line[name] for line in lines)} {name.replace('_', ' ')}" for name in names)
    told.append(f"since {found['since']}: {sums}")
    if found["unwritten"] is None:
        told.append("NATS does not answer: dead letters, backlog and living gateways are not known")
    else:
        told.append(f"{found['unwritten']} events not written yet, {found['dead_letters']} dead letters")
    differ = f"{len(unfit)} gateway processes and hours, and {len(found['sums'])} sums differ"
    told.append(differ if found["differs"] else "everything agrees")
    return "\n".join(told)


def _wrong(one: dict[str, Any]) -> str:
    where = f"{one['day']} {one['scope']} {one['id']}" if one["day"] else f"{one['scope']} {one['id']}"
    rows, sums = f"{one['rows']} calls, {one['rows_usd']} USD", f"{one['summed']}, {one['summed_usd']} USD"
    return f"{where}: rows say {rows}; the sum says {sums}"


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()
