"""The ASGI application of one gateway process."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from tianji.errors import TianjiError
from tianji_gateway import cors
from tianji_gateway.caller import Caller, Receive, Scope, Send
from tianji_gateway.endpoints.answers import send_error
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.flow import observe
from tianji_gateway.routes import find, front_of
from tianji_gateway.runtime import Runtime

log = logging.getLogger(__name__)

Opening = Callable[[], AbstractAsyncContextManager[Runtime]]

_GC_THRESHOLDS = (50_000, 20, 20)
"""A request makes next to no cycles; collecting seldom keeps pauses out of the slowest percent."""


class App:
    """Serves what `routes` names, with the runtime that `opening` makes in this process."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._runtime: Runtime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        if scope["type"] == "http":
            await self._serve(scope, Caller(scope, receive, cors.answering(scope, send)))
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000, "reason": "not served"})

    async def _serve(self, scope: Scope, caller: Caller) -> None:
        assert self._runtime is not None, "served before startup"
        method, path = scope["method"], scope["path"]
        began = time.perf_counter()
        found = None
        try:
            if cors.is_preflight(scope):
                await caller.answer(200, cors.preflight_headers(scope), b"")
                return
            found = find(method, path)
            await found.endpoint(Asked(scope, found.template, found.params), caller, self._runtime)
        except TianjiError as error:
            if not caller.started:
                await send_error(caller, error, front_of(path))
        except Exception:
            log.exception("a request failed inside the gateway", extra={"path": path})
            if not caller.started:
                await send_error(caller, TianjiError(), front_of(path))
        if self._runtime.access is not None and (found is None or not found.quiet):
            self._runtime.access.write(observe.aside(scope, caller.status, time.perf_counter() - began))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                self._runtime = await stack.enter_async_context(self._opening())
            except Exception as fault:  # the server would go on without what failed
                told = isinstance(fault, TianjiError)
                log.error("the gateway cannot start: %s", fault, exc_info=None if told else fault)
                await send({"type": "lifespan.startup.failed"})
                return
            gc.collect()
            gc.freeze()  # what was made at start stays; the collector need not walk it again
            gc.set_threshold(*_GC_THRESHOLDS)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
