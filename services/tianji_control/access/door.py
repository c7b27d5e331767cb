"""What is asked of every request before its key is looked at: from where it comes, where its key is."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.requests import Request

from tianji.domain.addresses import within
from tianji.errors import PermissionDenied
from tianji.store.rows import Connection, one
from tianji_control.access.authenticate import Q


class Door(Struct, frozen=True):
    """The settings in force that decide who may knock."""

    key_header: str | None = None
    """The header that the config names for keys, beside the usual ones."""
    allowed_ips: Any = None
    use_x_forwarded_for: bool = False


async def door(db: Connection) -> Door:
    """Read the settings of now: they may have been changed by another control plane."""
    return await one(db, Q.door, Door) or Door()


def client_ip(request: Request, *, behind_proxy: bool = False) -> str | None:
    """Return where a request comes from: a gateway that forwards it puts its client's address last.

    Where that client is a proxy itself, the address that it puts before its own counts.
    """
    passed = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    if not passed:
        return request.client.host if request.client is not None else None
    return passed[-2] if behind_proxy and len(passed) > 1 else passed[-1]


def require_address(door: Door, request: Request) -> None:
    """Raise PermissionDenied for a request from an address that may not call."""
    if not isinstance(door.allowed_ips, list):
        return
    address = client_ip(request, behind_proxy=door.use_x_forwarded_for)
    if not within(address, [str(entry) for entry in door.allowed_ips]):
        raise PermissionDenied(
            f"Access forbidden: IP address {address} not allowed. Add it to general_settings.allowed_ips of "
            "the config file, or with /add/allowed_ip from an address that may call"
        )
