"""Who belongs to a team, and what each member may use of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tianji.domain.access import ALL_MODELS, allows
from tianji.domain.snapshot import KEY, TEAM
from tianji.errors import BadRequest, NotFound, PermissionDenied, TianjiError
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.limits import check_limits
from tianji_control.resources.teams import service, store
from tianji_control.resources.teams.fields import Member
from tianji_control.resources.teams.store import MemberRow, TeamRow
from tianji_control.resources.users import ensured as users
from tianji_control.resources.users import store as user_store
from tianji_control.resources.users.store import UserRow
from tianji_control.spent import bases, figures
from tianji_control.spent.holders import MEMBER

Map = dict[str, Any]


class MemberAdd(Struct, kw_only=True):
    """The body of `/team/member_add`."""

    team_id: str
    member: list[Member] | Member
    max_budget_in_team: Decimal | None = None
    budget_duration: str | None = None
    allowed_models: list[str] | None = None


class MemberUpdate(Struct, kw_only=True):
    """The body of `/team/member_update`."""

    team_id: str
    user_id: str | None = None
    user_email: str | None = None
    role: str | None = None
    max_budget_in_team: Decimal | UnsetType | None = UNSET
    tpm_limit: int | UnsetType | None = UNSET
    rpm_limit: int | UnsetType | None = UNSET
    budget_duration: str | UnsetType | None = UNSET
    allowed_models: list[str] | UnsetType | None = UNSET
    temp_budget_increase: Decimal | UnsetType | None = UNSET
    temp_budget_expiry: str | UnsetType | None = UNSET
    model_max_budget: Map | UnsetType | None = UNSET


class Added(Struct, frozen=True):
    """A team after members were added, and who they are."""

    row: TeamRow
    users: list[UserRow]
    members: list[MemberRow]


Joined = tuple[UserRow, MemberRow]
"""A new member, and the user who it is."""

_EXTRA = ("temp_budget_increase", "temp_budget_expiry", "model_max_budget")


async def add(call: Call, ask: MemberAdd) -> Added:
    """Add members to a team; who is not there yet is made a user."""
    wanted = ask.member if isinstance(ask.member, list) else [ask.member]
    check_limits({"max_budget_in_team": ask.max_budget_in_team, "budget_duration": ask.budget_duration})
    async with call.change() as change:
        team = await service.locked(call, change, ask.team_id, "team:members")
        joined: list[Joined] = []
        for result in await join_all(change, team, wanted, ask):
            if isinstance(result, TianjiError):
                raise result
            joined.append(result)
        await note(change, team, "team:member_add")
    return Added(team, [user for user, _ in joined], [member for _, member in joined])


async def update(call: Call, ask: MemberUpdate) -> MemberRow:
    """Change the role of a member, or what they may use."""
    async with call.change() as change:
        team = await service.locked(call, change, ask.team_id, "team:members")
        user_id = await user_of(change, ask.user_id, ask.user_email)
        said = {name: value for name, value in msgspec.structs.asdict(ask).items() if value is not UNSET}
        return await rewrite(change, team, user_id, said)


async def rewrite(change: Change, team: TeamRow, user_id: str, said: Map) -> MemberRow:
    """Change a member within a change; the caller has checked who may."""
    before = await store.member(change.db, team.team_id, user_id)
    if before is None:
        raise _no_member(user_id, team.team_id)
    check_limits(said)
    columns = _columns(said, before)
    if "models" in columns:
        columns["models"] = _share(team, columns["models"])
    row = msgspec.structs.replace(before, **columns)
    await store.save_member(change.db, row)
    await bases.top_up(change.db, MEMBER, f"{team.team_id}:{user_id}")
    await _tell_keys(change, row)
    await note(change, team, "team:member_update", before, row)
    return row


async def reset_spend(call: Call, team_id: str, user_id: str, reset_to: Decimal) -> tuple[MemberRow, Decimal]:
    """Set what a member counts as having spent of a team; return the figure of before, too."""
    async with call.change() as change:
        team = await service.locked(call, change, team_id, "team:members")
        row = await store.member(change.db, team_id, user_id)
        if row is None:
            raise _no_member(user_id, team_id)
        if call.actor.user_id == user_id and not call.sight("team:members").all:
            raise PermissionDenied("Nobody resets what they have spent themselves; ask another admin")
        previous = await figures.of_member(change.db, team_id, user_id)
        if not 0 <= reset_to <= previous:
            message = f"reset_to must be between 0 and what the member has spent: {previous:f}"
            raise BadRequest(message, type="bad_request_error", param="reset_to")
        await bases.begin_anew(change.db, MEMBER, {f"{team_id}:{user_id}": reset_to})
        await _tell_keys(change, row)
        await note(change, team, "team:member_reset_spend", row, row)
    return row, previous


async def remove(call: Call, team_id: str, user_id: str | None, user_email: str | None) -> TeamRow:
    """Take a member out of a team, with the keys that they have in it."""
    async with call.change() as change:
        team = await service.locked(call, change, team_id, "team:members")
        await leave(change, team, await user_of(change, user_id, user_email))
    return team


async def leave(change: Change, team: TeamRow, user_id: str) -> None:
    """Take a member out of a team within a change; the caller has checked who may."""
    before = await store.member(change.db, team.team_id, user_id)
    if before is None:
        raise _no_member(user_id, team.team_id)
    await service.drop_keys(change, team.team_id, user_id)
    await store.remove_member(change.db, team.team_id, user_id)
    await note(change, team, "team:member_delete", before)


async def user_of(change: Change, user_id: str | None, user_email: str | None) -> str:
    """Return the id of the user that a request names by id or by e-mail address."""
    if user_id:
        return user_id
    if not user_email:
        raise BadRequest("Name the member by user_id or user_email", param="user_id")
    user = await user_store.by_email(change.db, user_email)
    if user is None:
        raise NotFound(f"There is no user with the e-mail address {user_email}", param="user_email")
    return user.user_id


async def join_all(
    change: Change, team: TeamRow, wanted: Sequence[Member], ask: MemberAdd
) -> list[Joined | TianjiError]:
    """Add members within a change; say of each who they are, or why they cannot be added."""
    try:
        async with change.part():
            return await _join_together(change, team, wanted, ask)
    except BadRequest as fault:
        if len(wanted) == 1:
            return [fault]
    # Somebody cannot be made, or nobody be let in: who it is shows one after the other.
    return [result for one in wanted for result in await join_all(change, team, [one], ask)]


async def _join_together(
    change: Change, team: TeamRow, wanted: Sequence[Member], ask: MemberAdd
) -> list[Joined | TianjiError]:
    named = await users.ensure_all(change, [(one.user_id, one.user_email) for one in wanted])
    there = set(await store.members_among(change.db, team.team_id, [user.user_id for user in named]))
    results: list[Joined | TianjiError] = []
    joined: list[MemberRow] = []
    for user, one in zip(named, wanted, strict=True):
        if user.user_id in there:
            results.append(_there_already(user.user_id, team.team_id))
            continue
        there.add(user.user_id)
        joined.append(_member(team, user, one, ask))
        results.append((user, joined[-1]))
    if joined:
        await store.save_members(change.db, joined)
        await bases.top_up(change.db, MEMBER, *(f"{team.team_id}:{row.user_id}" for row in joined))
        await _tell_keys(change, *joined)
    return results


def _member(team: TeamRow, user: UserRow, one: Member, ask: MemberAdd) -> MemberRow:
    return MemberRow(
        team_id=team.team_id,
        user_id=user.user_id,
        user_email=user.email,
        role=one.role,
        max_budget=ask.max_budget_in_team,
        budget_duration=ask.budget_duration,
        models=_share(team, ask.allowed_models or team.extra.get("default_team_member_models")),
    )


def _there_already(user_id: str, team_id: str) -> BadRequest:
    return BadRequest(
        f"The user {user_id} is in the team {team_id} already; change them with /team/member_update",
        type="team_member_already_in_team",
        param="user_id",
    )


def _share(team: TeamRow, models: list[str] | None) -> list[str]:
    """Return the models that a new member is let use. Raises BadRequest for what the team may not."""
    for model in models or ():
        if team.models and model not in ALL_MODELS and not allows(team.models, [model]):
            message = f"The model {model!r} is not among those of the team: {team.models}"
            raise BadRequest(message, type="bad_request_error", param="allowed_models")
    return list(models or ())


def _columns(said: Map, before: MemberRow) -> Map:
    row: Map = {name: said[name] for name in ("tpm_limit", "rpm_limit", "budget_duration") if name in said}
    if "max_budget_in_team" in said:
        row["max_budget"] = said["max_budget_in_team"]
    if "allowed_models" in said:
        row["models"] = said["allowed_models"] or []
    if said.get("role"):
        if said["role"] not in ("admin", "user"):
            raise BadRequest(f"role is {said['role']!r}; it must be admin or user", param="role")
        row["role"] = said["role"]
    extra = before.extra | {name: msgspec.to_builtins(said[name]) for name in _EXTRA if name in said}
    return row | {"extra": {name: value for name, value in extra.items() if value is not None}}


async def note(
    change: Change,
    team: TeamRow,
    action: str,
    before: MemberRow | None = None,
    after: MemberRow | None = None,
) -> None:
    """Note that the members of a team are others now."""
    await change.tell(TEAM, team.team_id)
    await change.record(TEAM, team.team_id, action, before=before, after=after or (None if before else team))


async def _tell_keys(change: Change, *members: MemberRow) -> None:
    """Note that members' keys in their team are held to something else: it is part of their records."""
    ids = [member.user_id for member in members]
    await change.tell(KEY, *await store.hashes_of_members(change.db, members[0].team_id, ids))


def _no_member(user_id: str, team_id: str) -> NotFound:
    return NotFound(f"The user {user_id} is not in the team {team_id}", param="user_id")
