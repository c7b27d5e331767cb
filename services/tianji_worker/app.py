"""The worker's health and metrics; its loops live as long as the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tianji.obs import metrics
from tianji_worker.runtime import Runtime, running
from tianji_worker.settings import WorkerSettings


def create_app(settings: WorkerSettings) -> Starlette:
    """Build the app."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Runtime]]:
        async with running(settings) as runtime:
            yield {"runtime": runtime}

    handlers = {HTTPException: refused}
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)


async def refused(request: Request, fault: Exception) -> Response:
    """Answer in JSON for a path or a method that is not served."""
    assert isinstance(fault, HTTPException)
    path = request.url.path
    missing = fault.status_code == 404
    message = f"There is no path {path} here; this is the worker" if missing else f"{path}: {fault.detail}"
    kind = "not_found_error" if missing else "invalid_request_error"
    error = {"message": message, "type": kind, "param": None, "code": str(fault.status_code)}
    return JSONResponse({"error": error}, fault.status_code, fault.headers)


async def alive(request: Request) -> Response:
    """GET /health/liveliness"""
    return JSONResponse("I'm alive!")


async def ready(request: Request) -> Response:
    """GET /health/readiness: 503 names what the worker waits for."""
    runtime: Runtime = request.state.runtime
    faults = await runtime.faults()
    for server in ("nats", "postgres"):
        metrics.server_up.labels(server).set(server not in faults)
    status = {"status": "unhealthy" if faults else "healthy", "unreachable": faults}
    return JSONResponse(status, 503 if faults else 200)


async def figures(request: Request) -> Response:
    """GET /metrics"""
    return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)


routes = [
    Route("/health/liveliness", alive),
    Route("/health/liveness", alive),
    Route("/health/readiness", ready),
    Route("/metrics", figures),
]
