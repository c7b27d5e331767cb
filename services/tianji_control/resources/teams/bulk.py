"""`/team/bulk_member_add`: many members in one transaction; who cannot be added is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.domain.snapshot import TEAM
from tianji.errors import TianjiError
from tianji_control.call import Call
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.teams import members, service, store
from tianji_control.resources.teams.fields import Member
from tianji_control.resources.teams.members import MemberAdd
from tianji_control.resources.teams.shown import shown
from tianji_control.resources.teams.standing import memberships
from tianji_control.resources.users import shown as users
from tianji_control.spent.totals import total

MOST_AT_ONCE = 500


class Members(Struct, kw_only=True):
    """The body of `/team/bulk_member_add`."""

    team_id: str
    members: list[Member]
    max_budget_in_team: Decimal | None = None


async def bulk_member_add(call: Call) -> Response:
    """POST /team/bulk_member_add: add many members at once"""
    ask = await call.body(Members)
    if not 1 <= len(ask.members) <= MOST_AT_ONCE:
        words = f"name 1 to {MOST_AT_ONCE} members"
        raise WrongFields([Fault(["body", "members"], words, "value_error")])
    terms = MemberAdd(team_id=ask.team_id, member=[], max_budget_in_team=ask.max_budget_in_team)
    results: list[dict[str, Any]] = []
    async with call.change() as change:
        team = await service.locked(call, change, ask.team_id, "team:members")
        joined = await members.join_all(change, team, ask.members, terms)
        good = [became[1] for became in joined if not isinstance(became, TianjiError)]
        shown_members = iter(await memberships(change.db, good))
        for one, became in zip(ask.members, joined, strict=True):
            result: dict[str, Any] = {"user_id": one.user_id, "user_email": one.user_email, "success": True}
            if isinstance(became, TianjiError):
                result |= {"success": False, "error": became.message}
            else:
                user, _ = became
                result["updated_user"] = users.shown(user, 0, [ask.team_id])
                result["updated_team_membership"] = next(shown_members)
            results.append(result)
        await members.note(change, team, "team:member_add")
        all_members, spend = (
            await store.members(change.db, ask.team_id),
            await total(change.db, TEAM, ask.team_id),
        )
    added = sum(result["success"] for result in results)
    return call.answer(
        {
            "team_id": ask.team_id,
            "results": results,
            "total_requested": len(results),
            "successful_additions": added,
            "failed_additions": len(results) - added,
            "updated_team": shown(team, all_members, spend),
        }
    )
