"""`/health/…`, `/metrics` and `/fleet`."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from tianji.obs import metrics
from tianji_control.call import Call, Guarded, Open, Text
from tianji_control.envelope import answer
from tianji_control.resources.health.answers import FleetShown, Readiness
from tianji_control.runtime import Runtime

ALIVE = "I'm alive!"


async def alive(_: Request) -> Response:
    """GET /health/liveliness: that the process is there"""
    return answer(ALIVE)


async def ready(request: Request) -> Response:
    """GET /health/readiness: whether it can work"""
    runtime: Runtime = request.state.runtime
    postgres = runtime.started.is_set() and await runtime.store.alive()
    nats = runtime.bus.connected
    metrics.server_up.labels("postgres").set(postgres)
    metrics.server_up.labels("nats").set(nats)
    body = {
        "status": "healthy" if postgres else "unhealthy",
        "db": "connected" if postgres else "Not connected",
        "nats": "connected" if nats else "Not connected",
        "publishing": runtime.publisher.leading,
    }
    return answer(body, status=200 if postgres else 503)


async def prometheus(_: Request) -> Response:
    """GET /metrics: figures in the format of Prometheus"""
    return Response(await asyncio.to_thread(metrics.render), media_type=metrics.CONTENT_TYPE)


async def fleet(call: Call) -> Response:
    """GET /fleet: the gateways, and what they have applied"""
    published = await call.runtime.confirmation.published()
    fleet = call.runtime.fleet
    lagging = set(fleet.laggards(published.config_sequence, published.keys_sequence))
    live, lost = fleet.live(), fleet.lost()
    now = asyncio.get_running_loop().time()
    gateways = [
        {
            "gateway_id": member.report.gateway_id,
            "revision": member.report.revision,
            "version": member.report.version,
            "started_at": member.report.started_at,
            "lagging": member in lost or member.report.gateway_id in lagging,
            "live": member not in lost,
            "heard_seconds_ago": round(now - member.heard, 1),
        }
        for member in [*live, *lost]
    ]
    return call.answer({"revision": published.revision, "gateways": gateways})


_METRICS = Text(metrics.CONTENT_TYPE)

routes = [
    Open("/health/liveliness", alive, methods=["GET", "OPTIONS"], gives=str),
    Open("/health/liveness", alive, methods=["GET", "OPTIONS"], gives=str),
    Open("/health/readiness", ready, methods=["GET", "OPTIONS"], gives=Readiness, may_be_down=True),
    Open("/metrics", prometheus, methods=["GET"], gives=_METRICS),
    Open("/metrics/", prometheus, methods=["GET"], gives=_METRICS),
    Guarded("GET", "/fleet", fleet, "fleet:read", gives=FleetShown),
]
