"""What operators see of requests: metrics, and one access line each."""

from __future__ import annotations

import logging
import time

from tianji.errors import UpstreamError
from tianji.obs import metrics
from tianji_gateway.flow.account import Account
from tianji_gateway.snapshot.model import Target

access = logging.getLogger("tianji_gateway.access")


def arrived() -> None:
    """Note that a request is being served."""
    metrics.in_flight.inc()


def failed(target: Target, fault: UpstreamError) -> None:
    """Note that a deployment failed."""
    deployment = target.deployment
    metrics.deployment_failures.labels(deployment.id, deployment.provider, str(fault.status)).inc()


def served(account: Account) -> None:
    """Note how a request ended; names that a client made up do not become labels."""
    metrics.in_flight.dec()
    lasted_s = time.perf_counter() - account.call.started
    group = account.grant.group if account.grant else ""
    status = str(account.http_status)
    metrics.requests.labels(account.call.endpoint, group, status).inc()
    if account.error is not None:
        metrics.failed_requests.labels(
            account.call.endpoint, group, status, type(account.error).__name__
        ).inc()
    if account.target is not None:
        _measure(account, account.target, group, lasted_s)
    if access.isEnabledFor(logging.INFO):
        access.info("request", extra=_line(account, group, lasted_s))


def _measure(account: Account, target: Target, group: str, lasted_s: float) -> None:
    deployment, usage = target.deployment, account.usage
    labels = group, deployment.provider
    metrics.request_seconds.labels(group).observe(lasted_s)
    metrics.overhead_seconds.labels(group).observe(max(lasted_s - account.upstream_s, 0.0))
    metrics.upstream_seconds.labels(*labels).observe(account.upstream_s)
    if account.first_token_at is not None:
        metrics.first_token_seconds.labels(*labels).observe(account.first_token_at - account.call.started_at)
    if account.error is None:
        metrics.deployment_successes.labels(deployment.id, deployment.provider).inc()
    metrics.input_tokens.labels(*labels).inc(usage.input_tokens)
    metrics.output_tokens.labels(*labels).inc(usage.output_tokens)
    metrics.spend.labels(*labels).inc(float(account.cost_usd))


def _line(account: Account, group: str, lasted_s: float) -> dict[str, object]:
    line: dict[str, object] = {
        "call_id": account.call.id,
        "route": account.call.route,
        "status": account.http_status,
        "ms": round(lasted_s * 1000, 2),
        "client_ip": account.call.client_ip,
    }
    if account.principal is not None:
        line["key"] = account.principal.key.alias or account.principal.key.name
        line["team"] = account.principal.key.team_id
    if account.target is not None:
        line |= {
            "group": group,
            "deployment": account.target.deployment.id,
            "attempts": account.attempts,
            "upstream_ms": round(account.upstream_s * 1000, 2),
            "input_tokens": account.usage.input_tokens,
            "output_tokens": account.usage.output_tokens,
            "cost_usd": str(account.cost_usd),
        }
    if account.error is not None:
        line["error"] = account.error.type
    return line
