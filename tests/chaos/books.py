"""Compares what the provider, the gateways, the clients and the ledger say of the same calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple

import psycopg
from chaos.archive import Written
from chaos.load import Call
from chaos.troubles import Troubles
from psycopg.rows import dict_row

PROMPT_TOKENS = 7
NANO = 10**9
PRICES = {
    "gpt": (Decimal("0.000003"), Decimal("0.000011")),
    "claude": (Decimal("0.000007"), Decimal("0.000019")),
}
"""Dollars for a token of input and of output."""

Row = Mapping[str, Any]


class Line(NamedTuple):
    """Two figures that must be equal."""

    what: str
    left: Any
    right: Any
    cases: list[str]
    """Which calls differ."""

    @property
    def difference(self) -> Any:
        """Return how many or how much."""
        return self.left - self.right or len(self.cases)


class Sums(NamedTuple):
    """What the ledger holds."""

    rows: Sequence[Row]
    totals: dict[tuple[str, str], tuple[Decimal, int]]
    days: dict[tuple[str, str], tuple[Decimal, int]]
    windows: dict[tuple[str, str], int]
    """What each budget's window was charged, in 10^-9 US dollars."""


def read(database_url: str) -> Sums:
    """Read rows and roll-ups as of one moment."""
    with psycopg.connect(database_url, row_factory=dict_row, connect_timeout=10) as db:
        db.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        rows = db.execute("SELECT * FROM spend_logs ORDER BY started_at").fetchall()
        totals = db.execute("SELECT scope, scope_id, spend_usd, requests FROM spend_totals").fetchall()
        days = db.execute(
            "SELECT scope, scope_id, sum(spend_usd) AS spend_usd, sum(requests)::bigint AS requests"
            " FROM spend_daily GROUP BY scope, scope_id"
        ).fetchall()
        windows = db.execute(
            "SELECT bound, window_id, sum(spent_nano)::bigint AS spent FROM spend_windows"
            " GROUP BY bound, window_id"
        ).fetchall()
    charged = {(row["bound"], row["window_id"]): int(row["spent"]) for row in windows}
    return Sums(rows, _by_scope(totals), _by_scope(days), charged)


def compare(
    calls: list[Call], provider: Counter[str], written: Written, ledger: Sums, troubles: Troubles
) -> list[Line]:
    """Draw up the table."""
    rows = {str(row["id"]): row for row in ledger.rows}
    return [
        *_served(calls, provider, troubles),
        *_counted(provider, written, ledger.rows, rows),
        *_billed(calls, rows),
        *_rolled_up(ledger),
        _charged(ledger),
    ]


def counted(ledger: Sums, redis: Mapping[tuple[str, str], int]) -> Line:
    """Compare the counters that Redis knows whole with the ledger's."""
    wrong = [
        f"{at}: {spent} for {ledger.windows.get(at)}"
        for at, spent in redis.items()
        if ledger.windows.get(at) != spent
    ]
    return Line(
        f"{len(redis)} counters of budgets in Redis = the ledger's",
        sum(redis.values()),
        sum(ledger.windows.get(at, 0) for at in redis),
        wrong,
    )


def _served(calls: list[Call], provider: Counter[str], troubles: Troubles) -> Iterable[Line]:
    for what, ending in (("calls answered with an error", "error"), ("calls without an answer", "silent")):
        bad = [call for call in calls if call.ending == ending]
        yield Line(what, len(bad), 0, [_case(call) for call in bad])
    lost = [call for call in calls if call.ending in ("refused", "broken")]
    unexplained = [
        call
        for call in lost
        if not troubles.explain(
            call.gateway,
            call.began,
            call.ended,
            accepted=call.ending == "broken" or provider[call.marker] > 0,
        )
    ]
    yield Line(
        "connections lost = gateways killed or restarted",
        len(lost),
        len(lost) - len(unexplained),
        [_case(call) for call in unexplained],
    )


def _counted(
    provider: Counter[str], written: Written, all_rows: Sequence[Row], rows: Mapping[str, Row]
) -> Iterable[Line]:
    markers = Counter(str(row["end_user"]) for row in all_rows)
    unbilled = [marker for marker in provider if not markers[marker]]
    twice = [marker for marker, count in markers.items() if count > 1]
    yield Line(
        "calls seen by the provider = with a row", len(provider), len(provider) - len(unbilled), unbilled
    )
    yield Line("calls with two rows", len(twice), 0, twice)

    tried = {id: row for id, row in rows.items() if row["attempts"] or row["status"] == "interrupted"}
    missing = [id for id in written.began if id not in rows]
    foreign = [id for id in tried if id not in written.began]
    yield Line("began = rows", len(written.began), len(tried), missing + foreign)
    statuses = Counter(row["status"] for row in tried.values())
    ended = statuses["success"] + statuses["failure"]
    yield Line("ended + interrupted = began", ended + statuses["interrupted"], len(written.began), [])
    both = list(written.interrupted & written.ended)
    yield Line("both ended and interrupted", len(both), 0, both)

    unseen = {id for id, row in tried.items() if not provider[str(row["end_user"])]}
    explained = {id for id in unseen if tried[id]["status"] == "interrupted" or tried[id]["client_gone"]}
    yield Line(
        "began, never sent = killed or hung up first",
        len(unseen),
        len(explained),
        [_row_case(tried[id]) for id in unseen - explained],
    )
    good = [row for row in tried.values() if row["status"] == "success"]
    wrong = [row for row in good if row["attempts"] != provider[str(row["end_user"])]]
    yield Line(
        "attempts of successes = the provider's count",
        sum(row["attempts"] for row in good),
        sum(provider[str(row["end_user"])] for row in good),
        [_row_case(row) for row in wrong],
    )


def _billed(calls: list[Call], rows: Mapping[str, Row]) -> Iterable[Line]:
    complete = [call for call in calls if call.ending == "complete"]
    for what, stream in (("plain answers that arrived", False), ("streams that arrived", True)):
        some = [call for call in complete if call.stream == stream]
        bad = [call for call in some if _row(rows, call)["status"] != "success"]
        yield Line(f"{what} = successes", len(some), len(some) - len(bad), [_case(call) for call in bad])
        expected = [(call, call.cost if call.cost is not None else _price(call)) for call in some]
        wrong = [_case(call) for call, cost in expected if _row(rows, call)["cost_usd"] != cost]
        yield Line(
            f"{what}: told price = spend of rows",
            sum((cost for _, cost in expected), Decimal(0)),
            sum((_row(rows, call)["cost_usd"] for call in some), Decimal(0)),
            wrong,
        )


def _rolled_up(ledger: Sums) -> Iterable[Line]:
    expected: dict[tuple[str, str], tuple[Decimal, int]] = {}
    for row in ledger.rows:
        scopes = [("total", ""), ("key", row["key_hash"]), ("end_user", row["end_user"])]
        scopes += [("team", row["team_id"]), ("model", row["model_group"]), ("provider", row["provider"])]
        scopes += [("deployment", row["deployment_id"])]
        for scope in scopes:
            if scope[1] or scope[0] == "total":
                spend, count = expected.get(scope, (Decimal(0), 0))
                expected[scope] = spend + row["cost_usd"], count + 1
    kept_by_day = {scope: sums for scope, sums in expected.items() if scope[0] not in ("model", "provider")}
    for what, wanted, found in (
        ("totals = sum of rows", expected, ledger.totals),
        ("daily sums = sum of rows", kept_by_day, ledger.days),
    ):
        wrong = [
            f"{scope}: {found.get(scope)} for {sums}"
            for scope, sums in wanted.items()
            if found.get(scope) != sums
        ]
        wrong += [f"{scope}: without rows" for scope in found if scope not in wanted]
        none = (Decimal(0), 0)
        yield Line(what, found.get(("total", ""), none)[0], wanted.get(("total", ""), none)[0], wrong)


def _charged(ledger: Sums) -> Line:
    expected: Counter[tuple[str, str]] = Counter()
    for row in ledger.rows:
        nano = int((row["cost_usd"] * NANO).to_integral_value(ROUND_CEILING))
        for at in zip(row["charged_bounds"], row["charged_windows"], strict=True):
            expected[at] += nano
    wrong = [
        f"{at}: {ledger.windows.get(at)} for {nano}"
        for at, nano in expected.items()
        if ledger.windows.get(at, 0) != nano
    ]
    return Line(
        "windows of budgets = sum of rows",
        sum(ledger.windows.values()),
        sum(expected.values()),
        wrong + [f"{at}: without rows" for at in ledger.windows if at not in expected],
    )


def _price(call: Call) -> Decimal:
    of_input, of_output = PRICES[call.model]
    return PROMPT_TOKENS * of_input + call.words * of_output


def _row(rows: Mapping[str, Row], call: Call) -> Row:
    return rows.get(call.call_id) or {"status": "no row", "cost_usd": Decimal(0)}


def _by_scope(found: Iterable[Row]) -> dict[tuple[str, str], tuple[Decimal, int]]:
    return {(row["scope"], row["scope_id"]): (row["spend_usd"], row["requests"]) for row in found}


def _case(call: Call) -> str:
    kind = "stream" if call.stream else "plain"
    return (
        f"{call.marker} {call.call_id} gateway{call.gateway} {kind} {call.model} from {call.began:.2f}"
        f" to {call.ended:.2f}: {call.ending} {call.status} {call.told}"
    )


def _row_case(row: Row) -> str:
    how = f"{row['status']} {row['http_status']} {row['error_message']}"
    return f"{row['end_user']} {row['id']} {row['gateway_id']}: {how}"
