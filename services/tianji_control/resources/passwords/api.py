"""`/user/password/change`: a user's own password, changed with the session that it began."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from tianji.domain.snapshot import USER
from tianji.errors import BadRequest, PermissionDenied
from tianji_control.call import Call, Guarded
from tianji_control.resources.keys import store as keys
from tianji_control.resources.passwords import service
from tianji_control.resources.settings import store as settings

LOGIN = {"login_method": "username_password"}
"""What is in the metadata of a key that stands for a login with a password."""


class PasswordChange(Struct, kw_only=True):
    """The body of `/user/password/change`."""

    current_password: str
    new_password: str


class PasswordChanged(Struct):
    """Whose password was changed."""

    user_id: str
    message: str = "Password updated successfully."


async def change(call: Call) -> Response:
    """POST /user/password/change"""
    ask = await call.body(PasswordChange)
    call.sight("open:read")
    user_id, hash = call.actor.user_id, call.actor.key_hash
    async with call.change() as writing:
        key = (await keys.by_hashes(writing.db, [hash]))[0] if hash is not None else None
        if user_id is None or key is None or LOGIN.items() - key.metadata.items():
            raise PermissionDenied(
                "Passwords can only be changed with the key of a session that a password began",
                type="auth_error",
            )
        right = await service.is_right(writing.db, user_id, ask.current_password)
        if right is None:
            message = "This account has no password; one is set through an invitation link (/invitation/new)"
            raise BadRequest(message, type="bad_request_error", param="current_password")
        if not right:
            message = "Current password is incorrect."
            raise BadRequest(message, type="bad_request_error", param="current_password")
        if ask.new_password == ask.current_password:
            message = "New password must be different from the current password."
            raise BadRequest(message, type="bad_request_error", param="new_password")
        general = (await settings.in_force(writing.db)).general
        await service.save(writing.db, user_id, ask.new_password, general)
        await writing.record(USER, user_id, "user:password_change")
    return call.answer(PasswordChanged(user_id))


routes = [
    Guarded(
        *("POST", "/user/password/change", change, "open:read"), body=PasswordChange, gives=PasswordChanged
    )
]
