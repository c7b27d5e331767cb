"""One admin call: who calls, what they say, what the answer's headers will say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tianji.errors import BodyTooLarge
from tianji_control.access.authenticate import authenticate, key_in
from tianji_control.access.permits import ANYTHING, Actor, Target, require
from tianji_control.access.routes import require_route
from tianji_control.change import Change
from tianji_control.decode import body_of, query_of
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

    async def body(self, kind: type[T]) -> T:
        """Decode the request's body."""
        raw = bytearray()
        async for chunk in self.request.stream():
            raw += chunk
            if len(raw) > MAX_BODY_BYTES:
                raise BodyTooLarge(f"The request body is larger than {MAX_BODY_BYTES} bytes")
        return body_of(bytes(raw), kind, self.request.url.path)

    def query(self, kind: type[T]) -> T:
        """Decode the request's query string."""
        return query_of(self.request.query_params, kind, self.request.url.path)

    def require(self, action: str, target: Target = ANYTHING) -> None:
        """Raise PermissionDenied unless the caller may."""
        require(self.actor, action, target)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Change]:
        """Open a write; once committed, wait until the live gateways act on it."""
        async with self.runtime.store.transaction() as db:
            change = Change(db, self.actor)
            yield change
        self.headers |= await self.runtime.confirmation.applied(change.notes)

    def answer(self, body: Any, status: int = 200) -> Response:
        """Answer with JSON and what the writes of this call have to say."""
        return answer(body, status=status, headers=self.headers)


Handler = Callable[[Call], Awaitable[Response]]


def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Make a handler of a call into an endpoint: the caller is authenticated first."""

    async def serve(request: Request) -> Response:
        runtime: Runtime = request.state.runtime
        runtime.require_started()
        key = key_in(request.headers, runtime.file.key_header)
        async with runtime.store.connection() as db:
            actor = await authenticate(db, key, runtime.file.settings.master_key_hash)
        require_route(actor.allowed_routes, request.url.path)
        return await handler(Call(request, runtime, actor))

    serve.__doc__ = handler.__doc__
    return serve
