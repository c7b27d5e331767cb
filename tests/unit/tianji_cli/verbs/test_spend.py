"""`tianji spend`, in front of a control plane that answers from a script."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tianji_cli.verbs.spend import command

LINE = {
    "hour": "2026-01-31T13:00:00Z",
    "gateway_id": "g0-71",
    "lives": False,
    "began": 7,
    "ended": 5,
    "interrupted": 1,
    "uncalled": 0,
    "under_way": 1,
    "rows": 5,
    "differences": {"rows_missing": 1, "never_ended": 1},
}


class Answering(HTTPServer):
    """Answers by path and keeps what was asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked: list[tuple[str, str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        self.server.asked.append((self.command, self.path, body))
        assert self.headers["authorization"] == "Bearer sk-admin"
        found = self.server.answers.get(self.path)
        sent = json.dumps({"error": {"message": "no such thing"}} if found is None else found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_POST = do_GET

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def control() -> Iterator[Answering]:
    server = Answering({})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def spend(control: Answering, *arguments: str) -> Result:
    env = {
        "TIANJI_CONTROL_URL": f"http://127.0.0.1:{control.server_port}",
        "TIANJI_MASTER_KEY": "sk-admin",
    }
    return CliRunner().invoke(command, arguments, env=env)


def compared(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    differs = any(line["differences"] for line in lines)
    given = {"since": "2026-01-31T00:00:00Z", "differs": differs, "lines": lines, "sums": []}
    return given | {"dead_letters": 1, "unwritten": 0} | more


def test_what_differs_is_printed_and_is_the_exit_status(control: Answering):
    control.answers["/spend/reconcile?since=24h&wait=20"] = compared(
        LINE, LINE | {"gateway_id": "well", "differences": {}}
    )

    done = spend(control, "reconcile")

    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "hour                  gateway process  began  ended  interrupted  uncalled  under way  rows",
        "2026-01-31T13:00:00Z  g0-71                7      5            1         0          1     5",
        "2026-01-31T13:00:00Z g0-71: 1 calls ended but have no row",
        "2026-01-31T13:00:00Z g0-71: 1 calls did not end, and their gateway is gone",
        "since 2026-01-31T00:00:00Z: 14 began, 10 ended, 2 interrupted, 0 uncalled, 2 under way, 10 rows",
        "0 events not written yet, 1 dead letters",
        "1 gateway processes and hours, and 0 sums differ",
    ]


def test_sums_that_are_not_those_of_their_rows_are_printed(control: Answering):
    wrong = {"day": "2026-01-31", "scope": "key", "id": "k", "rows": 3, "rows_usd": "0.5"}
    wrong |= {"summed": 2, "summed_usd": "0.25"}
    window = wrong | {"day": None, "scope": "window", "id": "team:t all"}
    given = compared(differs=True, sums=[wrong, window])
    control.answers["/spend/reconcile?since=24h&wait=20"] = given

    done = spend(control, "reconcile")

    assert done.exit_code == 1
    assert done.output.splitlines()[:2] == [
        "2026-01-31 key k: rows say 3 calls, 0.5 USD; the sum says 2, 0.25 USD",
        "window team:t all: rows say 3 calls, 0.5 USD; the sum says 2, 0.25 USD",
    ]
    assert done.output.endswith("0 gateway processes and hours, and 2 sums differ\n")


def test_where_everything_agrees_the_exit_status_is_0(control: Answering):
    control.answers["/spend/reconcile?since=7d&wait=0"] = compared(dead_letters=None, unwritten=None)

    done = spend(control, "reconcile", "--since", "7d", "--wait", "0")

    assert done.exit_code == 0
    assert "NATS does not answer" in done.output
    assert done.output.endswith("everything agrees\n")


def test_all_dead_letters_of_now_are_replayed(control: Answering):
    letters = [{"id": 3, "time": "t", "bytes": 9, "reason": "why"}, {"id": 8, "time": "t", "bytes": 9}]
    control.answers = {
        "/spend/dead_letters?limit=500&after=0": {"total": 2, "dead_letters": letters},
        "/spend/dead_letters?limit=500&after=8": {"total": 2, "dead_letters": []},
        "/spend/dead_letters/replay": {"replayed": [3, 8], "missing": []},
    }

    done = spend(control, "dead-letters", "replay", "--all")

    assert (done.exit_code, done.output) == (0, "replayed 2 dead letters\n")
    assert control.asked[-1] == ("POST", "/spend/dead_letters/replay", {"ids": [3, 8], "anew": False})


def test_a_dead_letter_that_is_not_there_is_told(control: Answering):
    control.answers["/spend/dead_letters/replay"] = {"replayed": [], "missing": [4]}

    done = spend(control, "dead-letters", "replay", "4")

    assert done.exit_code == 1
    assert "there is no dead letter 4" in done.output


@pytest.mark.parametrize("arguments", [[], ["3", "--all"]])
def test_a_replay_names_ids_or_all(control: Answering, arguments: list[str]):
    assert spend(control, "dead-letters", "replay", *arguments).exit_code == 2
    assert control.asked == []


def test_dead_letters_are_listed_and_shown(control: Answering):
    letter = {"id": 3, "time": "2026-01-31T13:00:00Z", "bytes": 9, "reason": "cost_usd is not an amount"}
    control.answers = {
        "/spend/dead_letters?limit=100&after=0": {"total": 5, "dead_letters": [letter]},
        "/spend/dead_letters/3": letter | {"event": {"cost_usd": "a lot"}},
    }

    listed = spend(control, "dead-letters", "list").output.splitlines()
    as_json = json.loads(spend(control, "dead-letters", "list", "--json").output)
    shown = json.loads(spend(control, "dead-letters", "show", "3").output)

    assert listed[1].split() == ["3", "2026-01-31T13:00:00Z", "9", "cost_usd", "is", "not", "an", "amount"]
    assert listed[2] == "1 of 5 dead letters"
    assert as_json["dead_letters"] == [letter]
    assert shown["event"] == {"cost_usd": "a lot"}
