"""Every metric of TianjiLLM: its name, its labels and what it means.

Names that operators know from the LiteLLM proxy keep their spelling. With
PROMETHEUS_MULTIPROC_DIR set, the worker processes of one service add up; gauges say how.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_CALL_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_OVERHEAD_S = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.5, 1)

# Requests, as the gateway's clients see them.
requests = Counter(
    "litellm_proxy_total_requests_metric",
    "Requests answered, by route, model group and status.",
    ["route", "requested_model", "status_code"],
)
failed_requests = Counter(
    "litellm_proxy_failed_requests_metric",
    "Requests answered with an error, by route, model group and kind of error.",
    ["route", "requested_model", "exception_status", "exception_class"],
)
in_flight = Gauge("litellm_in_flight_requests", "Requests being served now.", multiprocess_mode="livesum")
request_seconds = Histogram(
    "litellm_request_total_latency_metric",
    "Seconds from the request's first byte in to the answer's last byte out.",
    ["requested_model"],
    buckets=_CALL_S,
)
upstream_seconds = Histogram(
    "litellm_llm_api_latency_metric",
    "Seconds spent waiting for the provider.",
    ["requested_model", "api_provider"],
    buckets=_CALL_S,
)
first_token_seconds = Histogram(
    "litellm_llm_api_time_to_first_token_metric",
    "Seconds until a streaming provider sent its first token.",
    ["requested_model", "api_provider"],
    buckets=_CALL_S,
)
overhead_seconds = Histogram(
    "litellm_overhead_latency_metric",
    "Seconds that the gateway itself added to a request.",
    ["requested_model"],
    buckets=_OVERHEAD_S,
)

# Deployments.
deployment_successes = Counter(
    "litellm_deployment_success_responses",
    "Answers of a deployment that were no error.",
    ["model_id", "api_provider"],
)
deployment_failures = Counter(
    "litellm_deployment_failure_responses",
    "Errors of a deployment, by status.",
    ["model_id", "api_provider", "exception_status"],
)

# Usage.
spend = Counter("litellm_spend_metric", "US dollars spent.", ["requested_model", "api_provider"])
input_tokens = Counter("litellm_input_tokens_metric", "Input tokens.", ["requested_model", "api_provider"])
output_tokens = Counter("litellm_output_tokens_metric", "Output tokens.", ["requested_model", "api_provider"])

# The snapshot that a gateway serves from, and its making.
snapshot_revision = Gauge(
    "tianji_snapshot_revision", "Revision of the config that is served.", multiprocess_mode="mostrecent"
)
snapshot_taken_at = Gauge(
    "tianji_snapshot_timestamp_seconds",
    "When the gateway last heard that its snapshot is current; now minus this is its age.",
    multiprocess_mode="mostrecent",
)
config_build_failures = Counter(
    "tianji_config_build_failures", "Revisions that could not be built; the one before stays in force."
)
config_fields_unsupported = Gauge(
    "tianji_config_fields_unsupported",
    "Fields of the config file that have no effect here.",
    multiprocess_mode="mostrecent",
)

# The way of a spend event: spool, stream, ledger.
spool_bytes = Gauge(
    "tianji_spool_backlog_bytes", "Bytes of spend events not shipped yet.", multiprocess_mode="livesum"
)
spool_events = Gauge(
    "tianji_spool_backlog_events", "Spend events not shipped yet.", multiprocess_mode="livesum"
)
spool_failures = Counter("tianji_spool_failures", "Spend events that could not be written to the spool.")
ledger_rows = Counter("tianji_ledger_rows", "Spend events that became rows.")
ledger_duplicates = Counter("tianji_ledger_duplicates", "Spend events that had a row already.")
ledger_lag_seconds = Gauge(
    "tianji_ledger_lag_seconds",
    "Age of the newest spend event when it became a row.",
    multiprocess_mode="mostrecent",
)
dead_letters = Counter(
    "tianji_dead_letters", "Messages set aside because they can never be processed.", ["stream"]
)

# Budgets and limits.
limit_store_calls = Counter("tianji_limit_store_calls", "Scripts sent to Redis for budgets and limits.")
limit_refusals = Counter("tianji_limit_refusals", "Calls refused, by what was exhausted.", ["kind"])
budget_waits = Counter(
    "tianji_budget_waits", "Calls that waited for others which had reserved what was left of a budget."
)
limit_unavailable = Counter(
    "tianji_limit_unavailable", "Calls whose budget could not be known because Redis or the ledger was away."
)
budget_overrun_nano_usd = Counter(
    "tianji_budget_overrun_nano_usd", "Billed beyond what was reserved for a call, in 10^-9 US dollars."
)
soft_budgets_reached = Counter("tianji_soft_budgets_reached", "Soft budgets passed, once a window.")

# Alerts.
alerts_sent = Counter("tianji_alerts_sent", "Alerts that an address has taken.", ["channel"])
alert_failures = Counter("tianji_alert_failures", "Attempts to send an alert that failed.", ["channel"])

# Publishing and background work.
outbox_pending = Gauge(
    "tianji_outbox_pending", "Changes committed and not published yet.", multiprocess_mode="mostrecent"
)
loop_failures = Counter("tianji_loop_failures", "Faults of a supervised loop, which then goes on.", ["loop"])
server_up = Gauge(
    "tianji_server_up",
    "1 while this process reaches the server (postgres, nats, redis, control), else 0.",
    ["server"],
    multiprocess_mode="min",
)


def render() -> bytes:
    """Return all metrics of this service in Prometheus' text format."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return generate_latest()
    _forget_dead(Path(folder))
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=folder)
    return generate_latest(registry)


def _forget_dead(folder: Path) -> None:
    """Drop the live gauges of processes that ended without saying so."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            multiprocess.mark_process_dead(pid, str(folder))
        except PermissionError:
            continue
