"""Many users made or deleted at once, each told of alone; how many users and teams there are."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest, TianjiError
from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.teams import store as teams
from tianji_control.resources.users import service, store
from tianji_control.resources.users.fields import NewUser

MOST_AT_ONCE = 500


class OneOfMany(NewUser, kw_only=True):
    """A user to be made: as for `/user/new`, but with no key unless it is asked for."""

    auto_create_key: bool = False


class NewUsers(Struct):
    """The body of `/management/v1/users/bulk`."""

    users: list[OneOfMany]


class MadeUser(Struct, kw_only=True):
    """What became of one user who was to be made."""

    user_id: str | None
    user_email: str | None
    success: bool
    teams: list[str] | None = None
    key: str | None = None
    error: str | None = None


class Tally(Struct, kw_only=True):
    """How many were made."""

    total_requested: int
    created: int
    failed: int


class MadeUsers(Struct):
    """What became of each, in the order of the request."""

    data: list[MadeUser]
    meta: Tally


class GoneUsers(Struct):
    """The body of `/management/v1/users/bulk_delete`."""

    user_ids: list[str]


class GoneUser(Struct, kw_only=True):
    """What became of one user who was to be deleted."""

    user_id: str
    user_email: str | None = None
    success: bool
    teams_removed: list[str] = []
    error: str | None = None


class AllGone(Struct):
    """What became of each, in the order of the request."""

    data: list[GoneUser]


class Used(Struct, kw_only=True):
    """How many users and teams there are; nothing limits them here."""

    total_users: int | None = None
    total_teams: int | None = None
    total_users_used: int
    total_teams_used: int
    total_teams_remaining: int | None = None
    total_users_remaining: int | None = None


async def make_many(call: Call) -> Response:
    """POST /management/v1/users/bulk"""
    asked = (await call.body(NewUsers)).users
    _check_count("users", len(asked))
    results: list[MadeUser] = []
    async with call.change() as change:
        for one in asked:
            try:
                if one.send_invite_email:
                    raise BadRequest("send_invite_email is not for many at once; use /invitation/new")
                async with change.part():
                    made = await service.make(call, change, one)
            except TianjiError as fault:
                id, email = one.user_id, one.user_email
                results.append(MadeUser(user_id=id, user_email=email, success=False, error=fault.message))
            else:
                results.append(_told(made))
        call.checked_each()
    created = sum(result.success for result in results)
    tally = Tally(total_requested=len(results), created=created, failed=len(results) - created)
    return call.answer(MadeUsers(results, tally))


async def delete_many(call: Call) -> Response:
    """POST /management/v1/users/bulk_delete"""
    asked = (await call.body(GoneUsers)).user_ids
    _check_count("user_ids", len(asked))
    results: list[GoneUser] = []
    async with call.change() as change:
        for user_id in asked:
            left = await teams.of_user(change.db, user_id)
            try:
                async with change.part():
                    row = await service.remove(call, change, user_id)
            except TianjiError as fault:
                results.append(GoneUser(user_id=user_id, success=False, error=fault.message))
            else:
                gone = GoneUser(user_id=user_id, user_email=row.email, success=True, teams_removed=left)
                results.append(gone)
        call.checked_each()
    return call.answer(AllGone(results))


async def available(call: Call) -> Response:
    """GET /user/available_users: no licence limits how many there may be"""
    async with call.runtime.store.connection() as db:
        users = await store.count(db, store.Wanted(sees_all=True))
        used = await teams.count(db, teams.Wanted(sees_all=True))
    return call.answer(Used(total_users_used=users, total_teams_used=used))


def _told(made: service.Made) -> MadeUser:
    key = None if made.key is None else made.key[0]
    row = made.row
    return MadeUser(user_id=row.user_id, user_email=row.email, success=True, teams=made.teams, key=key)


def _check_count(field: str, count: int) -> None:
    if not 1 <= count <= MOST_AT_ONCE:
        raise WrongFields([Fault(["body", field], f"name 1 to {MOST_AT_ONCE} users", "value_error")])


_MANY = "/management/v1/users"

routes = [
    Guarded("POST", f"{_MANY}/bulk", make_many, "user:create", body=NewUsers, gives=MadeUsers),
    Guarded("POST", f"{_MANY}/bulk_delete", delete_many, "user:delete", body=GoneUsers, gives=AllGone),
    Guarded("GET", "/user/available_users", available, "fleet:read", gives=Used),
]
