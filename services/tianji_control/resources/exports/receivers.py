"""Setting up, showing and forgetting a service that charges are sent to: the same for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict
from urllib.parse import urlsplit

from msgspec import Struct, to_builtins
from starlette.responses import Response

from tianji.domain.sealed import Sealer
from tianji.errors import BadRequest, NotFound
from tianji_control.call import Call, Guarded, Handler
from tianji_control.resources.exports import store
from tianji_control.resources.exports.store import Receiver

KIND = "charge_receiver"
SHOWN = 4
"""Letters at either end of a secret that are shown."""


class Done(TypedDict):
    """What was done."""

    message: str
    status: str


class Service(Struct, frozen=True, kw_only=True):
    """A service: the fields that are said of it, and which of them are secret."""

    name: str
    title: str
    secrets: tuple[str, ...]
    init: type[Struct]
    update: type[Struct]
    view: Any

    @property
    def missing(self) -> NotFound:
        """What to answer where it was not set up."""
        words = f"{self.title} settings not found. Please initialize settings first using /{self.name}/init"
        return NotFound(words)


def routes(service: Service) -> Sequence[Guarded]:
    """Return the paths that set a service up."""
    at, read, write = f"/{service.name}", "ledger:read", "ledger:update"
    return (
        Guarded("POST", f"{at}/init", _init(service), write, body=service.init, gives=Done, refuses=(400,)),
        Guarded("GET", f"{at}/settings", _show(service), read, gives=service.view),
        Guarded(
            "PUT",
            f"{at}/settings",
            _update(service),
            write,
            body=service.update,
            gives=Done,
            refuses=(400, 404),
        ),
        Guarded("DELETE", f"{at}/delete", _delete(service), write, gives=Done, refuses=(404,)),
    )


async def opened(call: Call, service: Service) -> dict[str, str]:
    """Return what was said of a service, secrets open. Raises NotFound."""
    async with call.runtime.store.connection() as db:
        found = await store.receiver(db, service.name)
    if found is None:
        raise service.missing
    return _open(service, found.said, call.runtime.sealer)


def _init(service: Service) -> Handler:
    async def serve(call: Call) -> Response:
        """POST /…/init: set a service up."""
        said = to_builtins(await call.body(service.init))
        await _write(call, service, said, "init")
        return call.answer(_done(service, "initialized"))

    return serve


def _show(service: Service) -> Handler:
    async def serve(call: Call) -> Response:
        """GET /…/settings: what was said of a service, secrets masked."""
        async with call.runtime.store.connection() as db:
            found = await store.receiver(db, service.name)
        said = _open(service, found.said, call.runtime.sealer) if found else {}
        shown = {
            f"{name}_masked" if name in service.secrets else name: said.get(name)
            for name in service.init.__struct_fields__
        }
        for name in service.secrets:
            shown[f"{name}_masked"] = _masked(said.get(name))
        return call.answer({**shown, "status": "configured" if found else None})

    return serve


def _update(service: Service) -> Handler:
    async def serve(call: Call) -> Response:
        """PUT /…/settings: change some of it."""
        given = to_builtins(await call.body(service.update))
        changes = {name: value for name, value in given.items() if value is not None}
        if not any(changes.values()):
            raise BadRequest("At least one field must be provided for update")
        await _write(call, service, changes, "update")
        return call.answer(_done(service, "updated"))

    return serve


def _delete(service: Service) -> Handler:
    async def serve(call: Call) -> Response:
        """DELETE /…/delete: forget a service."""
        async with call.change() as change:
            before = await store.receiver(change.db, service.name)
            if before is None:
                raise service.missing
            await store.drop(change.db, service.name)
            await change.record(KIND, service.name, f"{KIND}:delete", before=before)
        return call.answer(_done(service, "deleted"))

    return serve


async def _write(call: Call, service: Service, said: Mapping[str, str], how: str) -> None:
    for name, value in said.items():
        if not value.strip():
            raise BadRequest(f"{name} must be a non-empty string", param=name, status=422)
    if "base_url" in said and urlsplit(said["base_url"]).scheme not in ("http", "https"):
        raise BadRequest("base_url is an address that begins with https://", param="base_url")
    seal = call.runtime.sealer.seal
    kept = {name: seal(value) if name in service.secrets else value for name, value in said.items()}
    async with call.change() as change:
        before = await store.receiver(change.db, service.name)
        if before is None and how == "update":
            raise service.missing
        after = Receiver(service.name, {**(before.said if before and how == "update" else {}), **kept})
        await store.put(change.db, after, call.actor.name)
        await change.record(KIND, service.name, f"{KIND}:{how}", before=before, after=after)


def _open(service: Service, said: Mapping[str, str], sealer: Sealer) -> dict[str, str]:
    return {name: sealer.open(value) if name in service.secrets else value for name, value in said.items()}


def _masked(secret: str | None) -> str | None:
    if secret is None or len(secret) <= 2 * SHOWN:
        return None if secret is None else "*" * len(secret)
    return secret[:SHOWN] + "*" * (len(secret) - 2 * SHOWN) + secret[-SHOWN:]


def _done(service: Service, what: str) -> dict[str, str]:
    return {"message": f"{service.title} settings {what} successfully", "status": "success"}
