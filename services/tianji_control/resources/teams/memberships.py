"""Members one by one and many at once: who the caller is in a team, limits taken back, bulk changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from tianji.errors import BadRequest, NotFound, TianjiError
from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.keys.shown import number
from tianji_control.resources.teams import members, service, store
from tianji_control.resources.teams.store import MemberRow
from tianji_control.spent import figures

MOST_AT_ONCE = 500


class MemberBudget(Struct, kw_only=True):
    """What a member may use."""

    max_budget: float | None
    budget_duration: str | None
    tpm_limit: int | None
    rpm_limit: int | None
    allowed_models: list[str]


class Me(Struct, kw_only=True):
    """The caller as a member of a team."""

    user_id: str
    user_email: str | None
    team_id: str
    team_alias: str | None
    role: str
    spend: float
    budget_id: str | None = None
    litellm_budget_table: MemberBudget | None


class BudgetReset(Struct, kw_only=True):
    """A member whose own limits were taken back."""

    team_id: str
    user_id: str
    budget_id: str | None = None
    previous_budget_id: str | None = None
    budget_source: str


class MemberSpendReset(Struct, kw_only=True):
    """What a member is to count as having spent."""

    reset_to: Decimal


class SpendOfMember(Struct, kw_only=True):
    """A member's spend as it was set, and as it was."""

    team_id: str
    user_id: str
    spend: float
    previous_spend: float
    max_budget: float | None = None


class MemberRef(Struct, kw_only=True):
    """Names a member."""

    user_id: str | None = None
    user_email: str | None = None


class LostMembers(Struct, kw_only=True):
    """The body of `/management/v1/teams/{team_id}/members/bulk_delete`."""

    members: list[MemberRef]


class Lost(Struct, kw_only=True):
    """What became of one member who was to leave."""

    user_id: str | None
    user_email: str | None
    success: bool
    error: str | None = None


class AllLost(Struct):
    """What became of each, in the order of the request."""

    data: list[Lost]


class MemberLimits(MemberRef, kw_only=True):
    """What one member may use; what is not named stays, null takes it back."""

    max_budget_in_team: Decimal | UnsetType | None = UNSET
    tpm_limit: int | UnsetType | None = UNSET
    rpm_limit: int | UnsetType | None = UNSET
    budget_duration: str | UnsetType | None = UNSET
    allowed_models: list[str] | UnsetType | None = UNSET


class ManyLimits(Struct, kw_only=True):
    """The body of `/management/v1/teams/{team_id}/members/bulk_update`."""

    members: list[MemberLimits]


class Limited(Struct, kw_only=True):
    """What became of one member, and what they may use now."""

    user_id: str | None
    user_email: str | None
    success: bool
    error: str | None = None
    max_budget: float | None = None
    max_budget_source: str | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    budget_duration: str | None = None
    allowed_models: list[str] | None = None


class AllLimited(Struct):
    """What became of each, in the order of the request."""

    data: list[Limited]


async def me(call: Call) -> Response:
    """GET /team/{team_id}/members/me"""
    team_id, user_id = call.request.path_params["team_id"], call.actor.user_id
    call.sight("open:read")
    if user_id is None:
        message = "API key has no associated user_id; cannot resolve 'me' for team membership."
        raise BadRequest(message, type="bad_request_error", param="user_id")
    async with call.runtime.store.connection() as db:
        team = await store.by_id(db, team_id)
        found = {row.user_id: row for row in await store.members(db, team_id)} if team is not None else {}
        spent = await figures.of_member(db, team_id, user_id)
    row = found.get(user_id)
    if team is None or row is None:
        raise NotFound(f"User user_id={user_id} is not a member of team_id={team_id}.", param="team_id")
    return call.answer(
        Me(
            user_id=user_id,
            user_email=row.user_email,
            team_id=team_id,
            team_alias=team.alias,
            role=row.role,
            spend=float(spent),
            litellm_budget_table=_budget(row),
        )
    )


async def reset_budget(call: Call) -> Response:
    """POST /team/{team_id}/member/{user_id}/reset_budget: the team's own terms for its members hold again"""
    team_id, user_id = (call.request.path_params[name] for name in ("team_id", "user_id"))
    none = dict.fromkeys(("max_budget_in_team", "tpm_limit", "rpm_limit", "budget_duration"))
    async with call.change() as change:
        team = await service.locked(call, change, team_id, "team:members")
        await members.rewrite(change, team, user_id, none)
    source = "team_default" if team.extra.get("team_member_budget") is not None else "none"
    return call.answer(BudgetReset(team_id=team_id, user_id=user_id, budget_source=source))


async def reset_spend(call: Call) -> Response:
    """POST /team/{team_id}/member/{user_id}/reset_spend"""
    team_id, user_id = (call.request.path_params[name] for name in ("team_id", "user_id"))
    reset_to = (await call.body(MemberSpendReset)).reset_to
    row, previous = await members.reset_spend(call, team_id, user_id, reset_to)
    return call.answer(
        SpendOfMember(
            team_id=team_id,
            user_id=user_id,
            spend=float(reset_to),
            previous_spend=float(previous),
            max_budget=number(row.max_budget),
        )
    )


async def bulk_delete(call: Call) -> Response:
    """POST /management/v1/teams/{team_id}/members/bulk_delete"""
    asked = (await call.body(LostMembers)).members
    _check_count(asked)
    results: list[Lost] = []
    async with call.change() as change:
        team = await service.locked(call, change, call.request.path_params["team_id"], "team:members")
        for one in asked:
            error = None
            try:
                async with change.part():
                    await members.leave(
                        change, team, await members.user_of(change, one.user_id, one.user_email)
                    )
            except TianjiError as fault:
                error = fault.message
            results.append(
                Lost(user_id=one.user_id, user_email=one.user_email, success=error is None, error=error)
            )
    return call.answer(AllLost(results))


async def bulk_update(call: Call) -> Response:
    """POST /management/v1/teams/{team_id}/members/bulk_update"""
    asked = (await call.body(ManyLimits)).members
    _check_count(asked)
    results: list[Limited] = []
    async with call.change() as change:
        team = await service.locked(call, change, call.request.path_params["team_id"], "team:members")
        for one in asked:
            said = {name: value for name, value in msgspec.structs.asdict(one).items() if value is not UNSET}
            named = {name: said.pop(name, None) for name in ("user_id", "user_email")}
            try:
                async with change.part():
                    user_id = await members.user_of(change, one.user_id, one.user_email)
                    row = await members.rewrite(change, team, user_id, said)
            except TianjiError as fault:
                results.append(Limited(**named, success=False, error=fault.message))
            else:
                results.append(Limited(**named, success=True, **_limits(row)))
    return call.answer(AllLimited(results))


def _budget(row: MemberRow) -> MemberBudget | None:
    budget = MemberBudget(
        max_budget=number(row.max_budget),
        budget_duration=row.budget_duration,
        tpm_limit=row.tpm_limit,
        rpm_limit=row.rpm_limit,
        allowed_models=row.models,
    )
    return budget if any(msgspec.structs.astuple(budget)) else None


def _limits(row: MemberRow) -> dict[str, Any]:
    return {
        "max_budget": number(row.max_budget),
        "max_budget_source": "member" if row.max_budget is not None else None,
        "tpm_limit": row.tpm_limit,
        "rpm_limit": row.rpm_limit,
        "budget_duration": row.budget_duration,
        "allowed_models": row.models or None,
    }


def _check_count(asked: list[Any]) -> None:
    if not 1 <= len(asked) <= MOST_AT_ONCE:
        words = f"name 1 to {MOST_AT_ONCE} members"
        raise WrongFields([Fault(["body", "members"], words, "value_error")])


_MANY = "/management/v1/teams/{team_id}/members"

routes = [
    Guarded("GET", "/team/{team_id}/members/me", me, "open:read", gives=Me),
    Guarded(
        *("POST", "/team/{team_id}/member/{user_id}/reset_budget", reset_budget, "team:members"),
        gives=BudgetReset,
    ),
    Guarded(
        *("POST", "/team/{team_id}/member/{user_id}/reset_spend", reset_spend, "team:members"),
        body=MemberSpendReset,
        gives=SpendOfMember,
    ),
    Guarded("POST", f"{_MANY}/bulk_delete", bulk_delete, "team:members", body=LostMembers, gives=AllLost),
    Guarded("POST", f"{_MANY}/bulk_update", bulk_update, "team:members", body=ManyLimits, gives=AllLimited),
]
