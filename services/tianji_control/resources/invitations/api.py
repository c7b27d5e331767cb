"""`/invitation/…`: links by which users come in."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.resources.invitations import service
from tianji_control.resources.invitations.store import InvitationRow


class Invited(Struct):
    """The body of `/invitation/new`."""

    user_id: str


class WhichInvitation(Struct):
    """Names an invitation."""

    invitation_id: str


class Acceptance(Struct, kw_only=True):
    """The body of `/invitation/update`."""

    invitation_id: str
    is_accepted: bool


async def new(call: Call) -> Response:
    """POST /invitation/new"""
    return call.answer(await service.create(call, (await call.body(Invited)).user_id))


async def info(call: Call) -> Response:
    """GET /invitation/info"""
    return call.answer(await service.find(call, call.query(WhichInvitation).invitation_id))


async def update(call: Call) -> Response:
    """POST /invitation/update"""
    ask = await call.body(Acceptance)
    return call.answer(await service.accept(call, ask.invitation_id, ask.is_accepted))


async def delete(call: Call) -> Response:
    """POST /invitation/delete"""
    return call.answer(await service.delete(call, (await call.body(WhichInvitation)).invitation_id))


_Row = InvitationRow

routes = [
    Guarded("POST", "/invitation/new", new, "invitation:create", body=Invited, gives=_Row),
    Guarded("GET", "/invitation/info", info, "invitation:read", query=WhichInvitation, gives=_Row),
    Guarded("POST", "/invitation/update", update, "invitation:update", body=Acceptance, gives=_Row),
    Guarded("POST", "/invitation/delete", delete, "invitation:delete", body=WhichInvitation, gives=_Row),
]
