"""The rules of reading spend: who sees which rows, and what a query means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from tianji_control.access.permits import Scope, Target, reach
from tianji_control.call import Call
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.spend.store import Wanted

_DAY = "%Y-%m-%d"


def require_some(call: Call) -> None:
    """Raise PermissionDenied unless the caller may see at least their own rows."""
    call.require("spend:read", Target(user_id=call.actor.user_id, key_hash=call.actor.key_hash))


def seen_by(call: Call, wanted: Wanted) -> Wanted:
    """Cut a query down to what the caller may see: rows of their key, their user and teams they lead."""
    actor = call.actor
    if reach(actor, "spend:read") is Scope.ALL:
        return replace(wanted, sees_all=True)
    return replace(wanted, own_key=actor.key_hash, own_user=actor.user_id, own_teams=sorted(actor.admin_of))


def request_named(wanted: Wanted, request_id: str | None) -> Wanted:
    """Look for one request, by the id of its answer or by the id of its call."""
    if not request_id:
        return wanted
    try:
        call_id = UUID(request_id)
    except ValueError:
        call_id = None
    return replace(wanted, request_id=request_id, call_id=call_id)


def moment(text: str | None, field: str, *, end: bool = False) -> datetime | None:
    """Read a day or a time; as an end, a day counts in full. Without a zone it is UTC."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, _DAY).replace(tzinfo=UTC)
    except ValueError:
        pass
    else:
        return day + timedelta(days=1) if end else day
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        fault = Fault(
            ["query", field],
            f"{field} is a day as 2026-01-31 or a time as 2026-01-31 13:00:00",
            "value_error",
        )
        raise WrongFields([fault]) from None
    return given if given.tzinfo else given.replace(tzinfo=UTC)
