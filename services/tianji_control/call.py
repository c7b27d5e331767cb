"""One admin call: who calls, what they say, what the answer's headers will say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tianji.errors import BodyTooLarge, TianjiError
from tianji_control.access import permits
from tianji_control.access.authenticate import authenticate, key_in
from tianji_control.access.permits import ANYTHING, PERMITS, Actor, Sight, Target
from tianji_control.access.routes import require_route
from tianji_control.change import Change, Origin
from tianji_control.decode import body_of, query_of, said_of
from tianji_control.envelope import answer
from tianji_control.runtime import Runtime

T = TypeVar("T", bound=msgspec.Struct)

MAX_BODY_BYTES = 10 * 1024 * 1024


class Call:
    """A request with its caller, as handlers and services see it."""

    def __init__(self, request: Request, runtime: Runtime, actor: Actor) -> None:
        self.request = request
        self.runtime = runtime
        self.actor = actor
        self.headers: dict[str, str] = {}
        self._vouched = False

    async def body(self, kind: type[T]) -> T:
        """Decode the request's body."""
        return body_of(await self._raw(), kind, self.request.url.path)

    async def said(self, kind: type[T]) -> tuple[T, dict[str, Any]]:
        """Decode the request's body; return it, and of its fields those that the request names."""
        return said_of(await self._raw(), kind, self.request.url.path)

    async def _raw(self) -> bytes:
        raw = bytearray()
        async for chunk in self.request.stream():
            raw += chunk
            if len(raw) > MAX_BODY_BYTES:
                raise BodyTooLarge(f"The request body is larger than {MAX_BODY_BYTES} bytes")
        return bytes(raw)

    def query(self, kind: type[T]) -> T:
        """Decode the request's query string."""
        return query_of(self.request.query_params, kind, self.request.url.path)

    def query_from(self, given: dict[str, str], kind: type[T]) -> T:
        """Decode a part of the query string."""
        return query_of(given, kind, self.request.url.path)

    def require(self, permission: str, target: Target = ANYTHING) -> None:
        """Raise PermissionDenied unless the caller may do this to the object."""
        permits.require(self.actor, permission, target)
        self._vouched = True

    def sight(self, permission: str) -> Sight:
        """Say how far a permission of the caller reaches; the list that is asked for is cut down to it."""
        self._vouched = True
        return permits.sight(self.actor, permission)

    def checked_each(self) -> None:
        """Say that the permission was asked for object by object, and what was refused left as it was."""
        self._vouched = True

    def vouch(self, permission: str) -> None:
        """Take note that the caller may do this to something, if they may to everything that is."""
        permits.require_somewhere(self.actor, permission)
        self._vouched = permits.everywhere(self.actor, permission)

    @property
    def ip(self) -> str | None:
        """Where the call comes from: a gateway that forwards it puts its client's address last."""
        forwarded = self.request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        client = self.request.client
        return forwarded or (client.host if client is not None else None)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Change]:
        """Open a write; once committed, wait until the live gateways act on it."""
        async with self.runtime.store.transaction() as db:
            change = Change(db, self.actor, self._origin())
            yield change
            self._check_vouched()
        self.headers |= await self.runtime.confirmation.applied(change.notes)

    def answer(self, body: Any, status: int = 200) -> Response:
        """Answer with JSON and what the writes of this call have to say."""
        self._check_vouched()
        return answer(body, status=status, headers=self.headers)

    def _check_vouched(self) -> None:
        """Refuse to end a call whose handler asked for no permission on the object: undoes its write."""
        if not self._vouched:
            raise TianjiError(
                f"{self.request.url.path} did not check the caller's permission; nothing was done"
            )

    def _origin(self) -> Origin:
        return Origin(
            ip=self.ip,
            route=f"{self.request.method} {self.request.url.path}",
            changed_by=self.request.headers.get("litellm-changed-by"),
        )


Handler = Callable[[Call], Awaitable[Response]]


class Guarded(Route):
    """A path with the permission that it needs, and what it takes and gives."""

    def __init__(
        self,
        method: str,
        path: str,
        handler: Handler,
        permission: str,
        *,
        body: Any = None,
        query: Any = None,
        gives: Any = None,
    ) -> None:
        """`body`, `query` and `gives` are types, of the request's body and query and of the good answer."""
        if permission not in PERMITS:
            raise ValueError(f"{method} {path} needs {permission}, which is not in the table of permissions")
        super().__init__(path, _endpoint(handler, permission), methods=[method])
        self.permission = permission
        self.body, self.query, self.gives = body, query, gives


class Open(Route):
    """A path that needs no key."""


def unguarded(routes: Iterable[BaseRoute]) -> list[str]:
    """Name the paths that neither declare a permission nor that they need none."""
    return [repr(route) for route in routes if not isinstance(route, Guarded | Open)]


def _endpoint(handler: Handler, permission: str) -> Callable[[Request], Awaitable[Response]]:
    """Make a handler of a call into an endpoint: caller and permission are looked at first."""

    async def serve(request: Request) -> Response:
        runtime: Runtime = request.state.runtime
        runtime.require_started()
        key = key_in(request.headers, runtime.file.key_header)
        async with runtime.store.connection() as db:
            actor = await authenticate(db, key, runtime.file.settings.master_key_hash)
        require_route(actor.allowed_routes, request.url.path)
        call = Call(request, runtime, actor)
        call.vouch(permission)
        return await handler(call)

    serve.__doc__ = handler.__doc__
    return serve
