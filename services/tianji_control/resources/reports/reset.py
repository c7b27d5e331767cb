"""`/global/spend/reset`: all keys and teams count as having spent nothing; the ledger stays as it is."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from tianji.domain.snapshot import KEY, TEAM
from tianji.store.rows import many
from tianji_control.call import Call, Guarded
from tianji_control.resources.reports.answers import Refreshed
from tianji_control.resources.reports.store import Q
from tianji_control.spent import bases

KIND = "spend"


class Id(Struct, frozen=True):
    """Somebody who has spent something."""

    id: str


class Reset(Struct, frozen=True):
    """Of how many the spend was reset."""

    keys: int
    teams: int


async def reset(call: Call) -> Response:
    """POST /global/spend/reset: begin anew for all keys and teams; sums and rows keep what was spent."""
    async with call.change() as change:
        found = {
            KEY: await many(change.db, Q.reset_keys, Id, by=call.actor.name),
            TEAM: await many(change.db, Q.spent_teams, Id),
        }
        for kind, rows in found.items():
            ids = [row.id for row in rows]
            await bases.begin_all_anew(change.db, kind, ids)
            await change.tell(kind, *ids)
        counted = Reset(len(found[KEY]), len(found[TEAM]))
        await change.record(KIND, "global", f"{KIND}:reset", after=counted)
    words = "Spend for all API Keys and Teams reset successfully"
    return call.answer({"message": words, "status": "success"})


routes = [Guarded("POST", "/global/spend/reset", reset, "ledger:update", gives=Refreshed)]
