"""The rules of reading spend: who sees which rows, and what a query means."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from tianji_control.call import Call
from tianji_control.resources.spend.store import Wanted


def seen_by(call: Call, wanted: Wanted) -> Wanted:
    """Cut a query down to what the caller may see: rows of their key and user, and where they lead."""
    sight = call.sight("spend:read")
    return replace(
        wanted,
        sees_all=sight.all,
        own_key=sight.key_hash,
        own_user=sight.user_id,
        own_teams=sight.teams,
        own_organizations=sight.organizations,
    )


def request_named(wanted: Wanted, request_id: str | None) -> Wanted:
    """Look for one request, by the id of its answer or by the id of its call."""
    if not request_id:
        return wanted
    return replace(wanted, request_id=request_id, call_id=_uuid(request_id))


def searched(wanted: Wanted, text: str | None) -> Wanted:
    """Look for rows one of whose ids is a text."""
    return replace(wanted, search=text, call_id=_uuid(text)) if text else wanted


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
