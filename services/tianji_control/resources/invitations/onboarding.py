"""`/onboarding/…`: with the link of an invitation a user sets a password and gets a first key.

Nobody has a key yet who comes here: what lets them in is the invitation's id, and the token that it is
exchanged for, which is good for a quarter of an hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tianji.domain.sealed import SealBroken
from tianji.domain.snapshot import USER
from tianji.errors import AuthenticationFailed
from tianji.store.rows import Connection
from tianji_control.access.authenticate import actor_of_user, key_in
from tianji_control.call import Open, read_body
from tianji_control.change import Change, Origin
from tianji_control.decode import body_of, query_of
from tianji_control.envelope import answer
from tianji_control.resources.invitations import store
from tianji_control.resources.invitations.store import InvitationRow
from tianji_control.resources.keys import service as keys
from tianji_control.resources.passwords import service as passwords
from tianji_control.resources.passwords.api import LOGIN
from tianji_control.resources.settings import store as settings
from tianji_control.resources.users import store as users
from tianji_control.runtime import Runtime

TOKEN_VALID = timedelta(minutes=15)
SESSION = "24h"
SESSION_BUDGET_USD = Decimal("0.25")


class Link(Struct):
    """The query of `/onboarding/get_token`."""

    invite_link: str


class Claim(Struct, kw_only=True):
    """The body of `/onboarding/claim_token`."""

    invitation_link: str
    user_id: str
    password: str


class Token(Struct, frozen=True):
    """What a token of ours says, sealed."""

    invitation: str
    user_id: str
    until: float


class Welcome(Struct, kw_only=True):
    """A token to claim the invitation with. There are no pages to log in to."""

    login_url: str | None = None
    token: str
    user_email: str | None


class Entered(Struct, kw_only=True):
    """The key of a session; there are no pages to log in to."""

    login_url: str | None = None
    token: str
    user_email: str | None
    user: dict[str, Any]


async def get_token(request: Request) -> Response:
    """GET /onboarding/get_token: an invitation for a token"""
    runtime = _runtime(request)
    link = query_of(request.query_params, Link, request.url.path).invite_link
    async with runtime.store.connection() as db:
        row = _usable(await store.by_id(db, link))
        user = await users.by_id(db, row.user_id)
    until = datetime.now(UTC) + TOKEN_VALID
    token = Token(row.id, row.user_id, until.timestamp())
    sealed = runtime.sealer.seal(msgspec.json.encode(token).decode())
    return answer(Welcome(token=sealed, user_email=None if user is None else user.email))


async def claim_token(request: Request) -> Response:
    """POST /onboarding/claim_token: a token and a password for a key"""
    runtime = _runtime(request)
    ask = body_of(await read_body(request), Claim, request.url.path)
    said = _opened(runtime, key_in(request.headers))
    if said is None or (said.invitation, said.user_id) != (ask.invitation_link, ask.user_id):
        raise AuthenticationFailed("Invalid onboarding session for invitation link.")
    async with runtime.store.transaction() as db:
        row = _usable(await store.by_id_for_update(db, ask.invitation_link))
        change = Change(
            db, await actor_of_user(db, row.user_id), Origin(route=f"{request.method} {request.url.path}")
        )
        general = (await settings.in_force(db)).general
        await passwords.save(db, row.user_id, ask.password, general)
        await _accept(db, row)
        await change.record(USER, row.user_id, "user:onboard")
        key, _ = await keys.make(
            change,
            {
                "user_id": row.user_id,
                "duration": SESSION,
                "max_budget": SESSION_BUDGET_USD,
                "metadata": dict(LOGIN),
            },
        )
        user = await users.by_id(db, row.user_id)
    headers = await runtime.confirmation.applied(change.notes)
    entered = Entered(
        token=key,
        user_email=None if user is None else user.email,
        user={"user_id": row.user_id, "user_role": None if user is None else user.role},
    )
    return answer(entered, headers=headers)


async def _accept(db: Connection, row: InvitationRow) -> None:
    now = datetime.now(UTC)
    accepted = msgspec.structs.replace(
        row, is_accepted=True, accepted_at=now, updated_at=now, updated_by=row.user_id
    )
    await store.update(db, accepted)


def _usable(row: InvitationRow | None) -> InvitationRow:
    if row is None:
        raise AuthenticationFailed("Invitation link does not exist in db.", param="invite_link")
    if row.expires_at < datetime.now(UTC):
        raise AuthenticationFailed("Invitation link has expired.", param="invite_link")
    if row.is_accepted or row.accepted_at is not None:
        raise AuthenticationFailed("Invitation link has already been used.", param="invite_link")
    return row


def _opened(runtime: Runtime, sealed: str | None) -> Token | None:
    """Return what a token says; None for one that is not ours, or too old."""
    try:
        token = msgspec.json.decode(runtime.sealer.open(sealed or ""), type=Token)
    except (SealBroken, msgspec.DecodeError):
        return None
    return token if token.until > datetime.now(UTC).timestamp() else None


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.state.runtime
    runtime.require_started()
    return runtime


routes = [
    Open("/onboarding/get_token", get_token, methods=["GET"], query=Link, gives=Welcome),
    Open("/onboarding/claim_token", claim_token, methods=["POST"], body=Claim, gives=Entered),
]
