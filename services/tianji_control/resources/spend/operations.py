"""`/spend/reconcile` and `/spend/dead_letters`: whether the books are right, and what is not in them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest, NotFound, Unavailable
from tianji_control.call import Call, Guarded
from tianji_control.durations import after
from tianji_control.resources.spend import dead_letters
from tianji_control.resources.spend.answers import LetterList, LetterWhole, Reconciled, Replayed
from tianji_control.resources.spend.dead_letters import DeadLetter
from tianji_control.resources.spend.looks import Line, compare, hours_between
from tianji_control.resources.spend.reconcile import KINDS
from tianji_control.runtime import Runtime
from tianji_control.spent.checks import Wrong, wrong_sums

log = logging.getLogger(__name__)

LONGEST = timedelta(days=92)
LONGEST_WAIT_S = 60.0
MOST_LETTERS = 1000


class ReconcileQuery(Struct, kw_only=True):
    """The query of `/spend/reconcile`."""

    since: str = "24h"
    wait: float = 0.0
    """For how many seconds what does not fit is looked at again."""


class LettersQuery(Struct, kw_only=True):
    """The query of `/spend/dead_letters`."""

    after: int = 0
    limit: int = 100


class Replay(Struct, kw_only=True):
    """The body of `/spend/dead_letters/replay`."""

    ids: list[int]
    anew: bool = False
    """Write them even where the rows of their days were dropped: the caller knows that they never counted."""


async def reconcile(call: Call) -> Response:
    """GET /spend/reconcile: counts of the gateways beside the rows, by process and hour."""
    ask, rt = call.query(ReconcileQuery), call.runtime
    now = datetime.now(UTC)
    since = now - (after(now, ask.since, "since") - now)
    if now - since > LONGEST:
        raise BadRequest(f"since: at most {LONGEST.days} days are compared at once", param="since")
    if not 0 <= ask.wait <= LONGEST_WAIT_S:
        raise BadRequest(f"wait: 0 to {LONGEST_WAIT_S:.0f} seconds", param="wait")
    hours = hours_between(since, now)
    lines = await compare(rt.store, hours, lambda id: _lives(rt, id), ask.wait)
    sums = await wrong_sums(rt.store, {hour.date() for hour in hours})
    return call.answer(
        {
            "since": since.replace(minute=0, second=0, microsecond=0),
            "differs": bool(sums) or any(line.differences for line in lines),
            "lines": [_shown(line) for line in lines],
            "sums": [_sum(one) for one in sums],
            **await _around(rt),
        }
    )


async def letters(call: Call) -> Response:
    """GET /spend/dead_letters: what was set aside, oldest first."""
    ask, bus = call.query(LettersQuery), call.runtime.bus
    if not 1 <= ask.limit <= MOST_LETTERS or ask.after < 0:
        raise BadRequest(f"limit: 1 to {MOST_LETTERS}; after: an id", param="limit")
    total = await dead_letters.count(bus)  # first: what is counted is then among those that are read
    found = await dead_letters.following(bus, ask.after, ask.limit)
    return call.answer({"total": total, "dead_letters": [_listed(letter) for letter in found]})


async def letter(call: Call) -> Response:
    """GET /spend/dead_letters/{id}: one of them with all it says."""
    found = await dead_letters.one(call.runtime.bus, call.request.path_params["id"])
    return call.answer({**_listed(found), "event": found.event})


async def replay(call: Call) -> Response:
    """POST /spend/dead_letters/replay: give some to the worker again."""
    ask, bus = await call.body(Replay), call.runtime.bus
    replayed, missing = [], []
    for id in ask.ids:
        try:
            await dead_letters.replay(bus, await dead_letters.one(bus, id), anew=ask.anew)
        except NotFound:
            missing.append(id)
        else:
            replayed.append(id)
    log.info("dead letters replayed", extra={"ids": replayed, "anew": ask.anew, "actor": call.actor.name})
    return call.answer({"replayed": replayed, "missing": missing})


def _lives(rt: Runtime, gateway_id: str) -> bool:
    """Say whether a process may be alive; without NATS nobody can be heard, so each of them may."""
    return not rt.bus.connected or gateway_id in {one.report.gateway_id for one in rt.fleet.live()}


async def _around(rt: Runtime) -> dict[str, int | None]:
    """Return what may explain a difference; None where NATS does not say."""
    try:
        return {
            "dead_letters": await dead_letters.count(rt.bus),
            "unwritten": await dead_letters.unwritten(rt.bus),
        }
    except Unavailable:
        return {"dead_letters": None, "unwritten": None}


def _shown(line: Line) -> dict[str, Any]:
    figures = line.figures
    return {
        "hour": line.hour,
        "gateway_id": figures.gateway_id,
        "lives": line.lives,
        "began": figures.began,
        **{kind: getattr(figures, kind) for kind in KINDS},
        "under_way": figures.under_way,
        "rows": figures.rows,
        "differences": line.differences,
    }


def _sum(one: Wrong) -> dict[str, Any]:
    return {
        "day": one.day,
        "scope": one.scope,
        "id": one.id,
        "rows": one.rows,
        "rows_usd": f"{one.rows_usd:f}",
        "summed": one.summed,
        "summed_usd": f"{one.summed_usd:f}",
    }


def _listed(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "time": letter.time,
        "reason": letter.reason,
        "subject": letter.subject,
        "sequence": letter.sequence,
        "bytes": len(letter.payload),
    }


routes = [
    Guarded("GET", "/spend/reconcile", reconcile, "ledger:read", query=ReconcileQuery, gives=Reconciled),
    Guarded("GET", "/spend/dead_letters", letters, "ledger:read", query=LettersQuery, gives=LetterList),
    Guarded("GET", "/spend/dead_letters/{id:int}", letter, "ledger:read", gives=LetterWhole),
    Guarded("POST", "/spend/dead_letters/replay", replay, "ledger:update", body=Replay, gives=Replayed),
]
