"""The control plane as an ASGI app."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Match, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tianji.errors import NotFound, NotImplementedYet, TianjiError
from tianji.obs import metrics
from tianji_control.call import unguarded
from tianji_control.envelope import failure, from_http
from tianji_control.routes import ROUTES, unknown
from tianji_control.runtime import running
from tianji_control.settings import ControlSettings
from tianji_control.signals import on_hangup
from tianji_control.unserved import why_not

log = logging.getLogger(__name__)


def create_app(settings: ControlSettings) -> ASGIApp:
    """Build the app; its connections live as long as its lifespan.

    Raises RuntimeError when a path does not say which permission it needs.
    """
    if missing := unguarded(ROUTES):
        raise RuntimeError(f"These paths declare no permission: {', '.join(missing)}")

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
        async with running(settings) as runtime:
            with on_hangup(runtime.want_reload):
                yield {"runtime": runtime}

    router = Router(ROUTES, default=unknown, lifespan=lifespan, redirect_slashes=False)
    # Every origin may: keys travel in headers, and no cookie is ever read.
    return CORSMiddleware(
        Outermost(router),
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["*"],
    )


class Outermost:
    """Turns whatever a handler raises into an answer; no trace of it reaches the client."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not _storable(scope["path"]):
            await failure(NotFound("There is no path with these characters here"))(scope, receive, send)
            return
        scope["app"] = self._app  # makes the router raise for a wrong method, like for all else
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except TianjiError as error:
            fault = error
        except HTTPException as raised:
            methods = _allowed(scope) if raised.status_code == 405 else []
            if scope["method"] == "OPTIONS" and methods:
                await Response(status_code=204, headers={"allow": ", ".join(methods)})(scope, receive, send)
                return
            reason = why_not(scope["path"], scope["method"]) if raised.status_code == 405 else None
            missing = f"{scope['method']} {scope['path']} is not there yet: {reason}"
            fault = NotImplementedYet(missing) if reason else from_http(raised, scope, methods)
        except Exception:
            metrics.loop_failures.labels("request").inc()
            log.exception("request failed", extra={"path": scope["path"]})
            fault = TianjiError("The control plane failed to answer this request; its log says why")
        else:
            return
        if not begun:
            await failure(fault)(scope, receive, send)


def _allowed(scope: Scope) -> list[str]:
    """Return the methods that a path takes, `OPTIONS` among them; none for a path that is not there."""
    methods: set[str] = set()
    for route in ROUTES:
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return sorted(methods | {"OPTIONS"}) if methods else []


def _storable(path: str) -> bool:
    """Say whether what a path names could be the name of something: no column holds other characters."""
    return "\0" not in path and not any("\ud800" <= character <= "\udfff" for character in path)
