"""Is this process alive, can it serve, what could it serve, and what does it count."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from tianji.errors import PermissionDenied
from tianji.obs import metrics
from tianji_gateway.caller import Caller
from tianji_gateway.endpoints.answers import send_json
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.flow import observe
from tianji_gateway.flow.identify import identify
from tianji_gateway.flow.receive import opened
from tianji_gateway.runtime import Runtime
from tianji_gateway.snapshot.model import Target


async def alive(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /health/liveliness: depends on nothing but this process."""
    await send_json(caller, "I'm alive!")


async def ready(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /health/readiness: 200 as long as calls can be served, whichever servers are down."""
    status = "healthy"
    if not rt.snapshots.ready.is_set():
        status = "waiting for configuration"
    elif rt.snapshots.too_old:
        status = "the configuration is older than max_snapshot_age"
    elif rt.spool.refuses:
        status = "what calls cost cannot be recorded: the disk is full or failing"
    servers = rt.reach()
    age_s = rt.snapshots.age_s
    answer: dict[str, Any] = {
        "status": status,
        "gateway_id": rt.process_id,
        "snapshot": {
            "revision": rt.snapshots.revision,
            "in_step": rt.in_step(),
            "age_seconds": round(age_s, 1) if math.isfinite(age_s) else None,
        },
        "spend_events_waiting": rt.spool.backlog,
        "spool": "writable" if rt.spool.writable else "not writable",
        "servers": {name: "connected" if up else "not reachable" for name, up in servers.items()},
    }
    await send_json(caller, answer, 200 if status == "healthy" else 503)


async def deployments(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /health: which deployments can be used as they are configured; calls none of them."""
    snapshot = rt.snapshots.current
    call = opened(asked.scope, asked.template)
    principal = await identify(call, snapshot, rt.keys, rt.master_hash, rt.guesses)
    if not principal.master:
        raise PermissionDenied("only the master key may read /health; use /health/readiness for probes")
    names = snapshot.model_names()
    targets = {t.id: t for name in names for t in snapshot.targets_for(name)}
    healthy = [_told(target) for target in targets.values() if target.bound is not None]
    unhealthy = [{**_told(t), "error": t.problem} for t in targets.values() if t.bound is None]
    await send_json(
        caller,
        {
            "healthy_endpoints": healthy,
            "unhealthy_endpoints": unhealthy,
            "healthy_count": len(healthy),
            "unhealthy_count": len(unhealthy),
        },
    )


async def prometheus(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /metrics"""
    observe.gathered.flush()
    body = await asyncio.to_thread(metrics.render)
    await caller.answer(200, [(b"content-type", metrics.CONTENT_TYPE.encode())], body)


def _told(target: Target) -> dict[str, Any]:
    deployment = target.deployment
    return {
        "model": f"{deployment.provider}/{deployment.model}",
        "model_name": deployment.model_name,
        "model_id": deployment.id,
    }
