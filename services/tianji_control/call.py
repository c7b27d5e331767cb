"""One admin call: who calls, what they say, what the answer's headers will say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec
from psycopg.errors import DeadlockDetected
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tianji.errors import BodyTooLarge, Conflict, TianjiError
from tianji_control import idempotency
from tianji_control.access import permits
from tianji_control.access.authenticate import authenticate, key_in
from tianji_control.access.door import client_ip, door, require_address
from tianji_control.access.permits import ANYTHING, PERMITS, Actor, Sight, Target
from tianji_control.access.routes import require_route
from tianji_control.change import Change, Origin
from tianji_control.decode import body_of, mapping_of, query_of, said_of
from tianji_control.envelope import answer
from tianji_control.runtime import Runtime
from tianji_control.versions import ETAG, IF_MATCH, Condition, etag_of

T = TypeVar("T", bound=msgspec.Struct)

MAX_BODY_BYTES = 10 * 1024 * 1024


class Witness(Protocol):
    """Watches whether handlers do what their paths declare; tests have one."""

    def took(self, route: Guarded, place: str, kind: type[msgspec.Struct]) -> None:
        """See what a handler reads, of the `body` or the `query`."""

    def gave(self, route: Guarded, answer: bytes) -> None:
        """See a good answer."""


async def read_body(request: Request) -> bytes:
    """Read a request's body. Raises BodyTooLarge."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"The request body is larger than {MAX_BODY_BYTES} bytes")
    return bytes(raw)


class Call:
    """A request with its caller, as handlers and services see it."""

    witness: ClassVar[Witness | None] = None

    def __init__(self, request: Request, runtime: Runtime, actor: Actor, route: Guarded) -> None:
        self.request = request
        self.runtime = runtime
        self.actor = actor
        self.route = route
        self.headers: dict[str, str] = {}
        self._raw: bytes | None = None
        self._notes: list[int] = []
        self._vouched = False

    async def body(self, kind: type[T]) -> T:
        """Decode the request's body."""
        self._takes("body", kind)
        return body_of(await self.raw(), kind, self.request.url.path)

    async def said(self, kind: type[T]) -> tuple[T, dict[str, Any]]:
        """Decode the request's body; return it, and of its fields those that the request names."""
        self._takes("body", kind)
        return said_of(await self.raw(), kind, self.request.url.path)

    async def mapping(self) -> dict[str, Any]:
        """Decode the request's body, an object whose names are free."""
        return mapping_of(await self.raw())

    async def raw(self) -> bytes:
        """Read the request's body as it is. Raises BodyTooLarge."""
        if self._raw is None:
            self._raw = await read_body(self.request)
        return self._raw

    def query(self, kind: type[T]) -> T:
        """Decode the request's query string."""
        self._takes("query", kind)
        return query_of(self.request.query_params, kind, self.request.url.path)

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
        return client_ip(self.request)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Change]:
        """Open a write; once committed, wait until the live gateways act on it."""
        given = self.request.headers.get(IF_MATCH)
        condition = None if given is None else Condition(given, self.route.resource)
        try:
            async with self.runtime.store.transaction() as db:
                change = Change(db, self.actor, self._origin(), condition)
                yield change
                if condition is not None:
                    condition.require_compared()
                self._check_vouched()
        except DeadlockDetected:
            message = "Another change got in the way of this one, which was undone; try again"
            raise Conflict(message) from None
        self._notes += change.notes
        if not self.runtime.store.holding:
            await self._settle()

    async def once(self, handler: Handler) -> Response:
        """Handle the call; where it names an idempotency key, only if that was not done before."""
        key = idempotency.key_in(self.request.headers) if self.route.once else None
        if key is None:
            return await handler(self)
        url = self.request.url
        said = b"\0".join([url.query.encode(), await self.raw()])
        asked = idempotency.asked(self.actor, f"{self.request.method} {url.path}", key, said)
        store, sealer = self.runtime.store, self.runtime.sealer
        response = await idempotency.once(store, sealer, asked, lambda: handler(self))
        await self._settle()
        response.headers.update(self.headers)
        return response

    async def _settle(self) -> None:
        """Wait until the live gateways act on what was committed."""
        self.headers |= await self.runtime.confirmation.applied(self._notes)

    def answer(self, body: Any, status: int = 200, *, version: msgspec.Struct | None = None) -> Response:
        """Answer with JSON and what the writes of this call have to say; `version` is the row it shows."""
        self._check_vouched()
        if version is not None:
            self.headers[ETAG] = etag_of(version)
        response = answer(body, status=status, headers=self.headers)
        if self.witness is not None:
            self.witness.gave(self.route, bytes(response.body))
        return response

    def _takes(self, place: str, kind: type[msgspec.Struct]) -> None:
        if self.witness is not None:
            self.witness.took(self.route, place, kind)

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
        status: int = 200,
        refuses: tuple[int, ...] = (),
        once: bool | None = None,
    ) -> None:
        """`body`, `query` and `gives` are types, of the request's body and query and of the good answer.

        `refuses` names statuses of refusals that do not follow from what it takes. `once` says whether a
        client may name an idempotency key; who creates something may.
        """
        if permission not in PERMITS:
            raise ValueError(f"{method} {path} needs {permission}, which is not in the table of permissions")
        super().__init__(path, _endpoint(self, handler), methods=[method])
        self.method = method
        self.handler = handler
        self.permission = permission
        self.resource, _, action = permission.partition(":")
        self.body, self.query, self.gives, self.status = body, query, gives, status
        self.refuses = refuses
        self.once = (method == "POST" and action == "create") if once is None else once
        self.conditional = method != "GET" and action in ("update", "limit", "delete")


class Text:
    """What a path gives that is no JSON: one of some media types."""

    def __init__(self, *media_types: str) -> None:
        self.media_types = media_types


NOTHING = Text()
"""What a path gives that answers without a body."""


class Open(Route):
    """A path that needs no key."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[[Request], Awaitable[Response]],
        *,
        methods: list[str] | None = None,
        body: Any = None,
        query: Any = None,
        gives: Any = None,
        may_be_down: bool = False,
    ) -> None:
        """`body`, `query`, `gives` are those of Guarded; `may_be_down`: it may also answer with a 503."""
        super().__init__(path, endpoint, methods=methods)
        self.handler = endpoint
        self.body, self.query, self.gives, self.may_be_down = body, query, gives, may_be_down


def unguarded(routes: Iterable[BaseRoute]) -> list[str]:
    """Name the paths that neither declare a permission nor that they need none."""
    return [repr(route) for route in routes if not isinstance(route, Guarded | Open)]


def _endpoint(route: Guarded, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Make a handler of a call into an endpoint: caller and permission are looked at first."""

    async def serve(request: Request) -> Response:
        runtime: Runtime = request.state.runtime
        runtime.require_started()
        async with runtime.store.connection() as db:
            now = await door(db)
            require_address(now, request)
            key = key_in(request.headers, now.key_header)
            address = client_ip(request, behind_proxy=now.use_x_forwarded_for)
            actor = await authenticate(db, key, runtime.file.settings.master_key_hash, address)
        require_route(actor.allowed_routes, request.url.path)
        call = Call(request, runtime, actor, route)
        call.vouch(route.permission)
        return await call.once(handler)

    serve.__doc__ = handler.__doc__
    return serve
