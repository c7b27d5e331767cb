"""`/get/allowed_ips` and its kin: the addresses that requests may come from."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.domain.addresses import is_range
from tianji.errors import BadRequest, NotFound
from tianji_control.call import Call, Guarded
from tianji_control.resources.settings import service, store
from tianji_control.resources.settings.store import GENERAL

FIELD = "allowed_ips"


class Address(Struct):
    """The body of `/add/allowed_ip` and `/delete/allowed_ip`."""

    ip: str


class Addresses(Struct, frozen=True):
    """Who may call; None where everybody may."""

    data: list[str] | None


class Done(Struct, frozen=True):
    """What was done."""

    message: str
    status: str = "success"


async def listed(call: Call) -> Response:
    """GET /get/allowed_ips"""
    async with call.runtime.store.connection() as db:
        found: Any = (await store.in_force(db)).general.get(FIELD)
    return call.answer(Addresses([str(one) for one in found] if isinstance(found, list) else None))


async def add(call: Call) -> Response:
    """POST /add/allowed_ip: the first one closes the door to all others"""
    ip = (await call.body(Address)).ip.strip()
    if not is_range(ip):
        message = f"{ip!r} is neither an IP address nor a network such as 10.0.0.0/8"
        raise BadRequest(message, type="bad_request_error", param="ip")

    def with_it(before: Any) -> list[str]:
        if ip in (before or ()):
            raise BadRequest("IP address already exists", type="bad_request_error", param="ip")
        return [*(before or ()), ip]

    await service.alter(call, GENERAL, FIELD, with_it, "allowed_ip:add")
    return call.answer(Done(f"IP {ip} address added successfully"))


async def delete(call: Call) -> Response:
    """POST /delete/allowed_ip: with the last one gone, everybody may call again"""
    ip = (await call.body(Address)).ip.strip()

    def without_it(before: Any) -> list[str] | None:
        if ip not in (before or ()):
            raise NotFound("IP address not found", param="ip")
        return [one for one in before if one != ip] or None

    await service.alter(call, GENERAL, FIELD, without_it, "allowed_ip:delete")
    return call.answer(Done(f"IP {ip} deleted successfully"))


routes = [
    Guarded("GET", "/get/allowed_ips", listed, "config:read", gives=Addresses),
    Guarded("POST", "/add/allowed_ip", add, "config:update", body=Address, gives=Done),
    Guarded("POST", "/delete/allowed_ip", delete, "config:update", body=Address, gives=Done),
]
