"""What operators see of requests: metrics, and one access line each."""

from __future__ import annotations

import time
from functools import cache

from tianji.errors import UpstreamError
from tianji.obs import metrics
from tianji.obs.gathered import Gathered, Sum
from tianji.obs.logging import redact
from tianji_gateway.access_log import Line
from tianji_gateway.caller import Scope
from tianji_gateway.flow.account import Account
from tianji_gateway.snapshot.model import Target

gathered = Gathered()
_in_flight = gathered.sum(metrics.in_flight)


class Meters:
    """The metrics of one deployment, their labels resolved."""

    __slots__ = ("first", "inputs", "outputs", "overhead", "spend", "successes", "total", "upstream")

    def __init__(self, model: str, provider: str, deployment_id: str) -> None:
        self.total = gathered.spread(metrics.request_seconds.labels(model))
        self.overhead = gathered.spread(metrics.overhead_seconds.labels(model))
        self.upstream = gathered.spread(metrics.upstream_seconds.labels(model, provider))
        self.first = gathered.spread(metrics.first_token_seconds.labels(model, provider))
        self.inputs = gathered.sum(metrics.input_tokens.labels(model, provider))
        self.outputs = gathered.sum(metrics.output_tokens.labels(model, provider))
        self.spend = gathered.sum(metrics.spend.labels(model, provider))
        self.successes = gathered.sum(metrics.deployment_successes.labels(deployment_id, provider))


# Without a bound, as the metrics themselves are: what is counted belongs to the config, not to clients.
_meters = cache(Meters)


@cache
def _requests(endpoint: str, model: str, status: int) -> Sum:
    return gathered.sum(metrics.requests.labels(endpoint, model, str(status)))


@cache
def _failures(endpoint: str, model: str, status: str, kind: str) -> Sum:
    return gathered.sum(metrics.failed_requests.labels(endpoint, model, status, kind))


def arrived() -> None:
    """Note that a request is being served."""
    _in_flight.add(1)
    gathered.touch()


def failed(target: Target, fault: UpstreamError) -> None:
    """Note that a deployment failed."""
    deployment = target.deployment
    metrics.deployment_failures.labels(deployment.id, deployment.provider, str(fault.status)).inc()


def served(account: Account) -> None:
    """Note how a request ended; names that a client made up do not become labels."""
    _in_flight.add(-1)
    lasted_s = time.perf_counter() - account.call.started
    model = account.grant.targets[0].deployment.model_name if account.grant else ""
    _requests(account.call.endpoint, model, account.http_status).add(1)
    if account.error is not None:
        status, kind = str(account.http_status), type(account.error).__name__
        _failures(account.call.endpoint, model, status, kind).add(1)
    if account.target is not None:
        _measure(account, account.target, model, lasted_s)
    if account.rt.access is not None:
        account.rt.access.write(_line(account, lasted_s))


def aside(scope: Scope, status: int, lasted_s: float) -> Line:
    """Return the access line of a request that did not walk the line; its path may hold a key."""
    client = scope.get("client")
    return Line(
        level="INFO",
        logger="tianji_gateway.access",
        message="request",
        request_id="",
        route=redact(f"{scope['method']} {scope['path']}"),
        status=status,
        ms=round(lasted_s * 1000, 2),
        client_ip=client[0] if client else None,
    )


def _measure(account: Account, target: Target, model: str, lasted_s: float) -> None:
    meters = _meters(model, target.deployment.provider, target.deployment.id)
    meters.total.observe(lasted_s)
    meters.overhead.observe(max(lasted_s - account.upstream_s, 0.0))
    meters.upstream.observe(account.upstream_s)
    if account.first_token_at is not None:
        meters.first.observe(account.first_token_at - account.call.started_at)
    if account.error is None:
        meters.successes.add(1)
    usage = account.usage
    meters.inputs.add(usage.input_tokens)
    meters.outputs.add(usage.output_tokens)
    meters.spend.add(float(account.cost_usd))


def _line(account: Account, lasted_s: float) -> Line:
    call, error = account.call, account.error
    line = Line(
        level="INFO",
        logger="tianji_gateway.access",
        message="request",
        request_id=call.id,
        route=call.endpoint,
        status=account.http_status,
        ms=round(lasted_s * 1000, 2),
        client_ip=call.client_ip,
        error=None if error is None else error.type,
    )
    if account.principal is not None:
        line.key = account.principal.key.alias or account.principal.key.name
        line.team = account.principal.key.team_id
    if account.target is not None and account.grant is not None:
        line.model = account.grant.group
        line.deployment = account.target.deployment.id
        line.attempts = account.attempts
        line.upstream_ms = round(account.upstream_s * 1000, 2)
        line.input_tokens = account.usage.input_tokens
        line.output_tokens = account.usage.output_tokens
        line.cost_usd = account.cost_text
    return line
