"""A gateway process's environment as one frozen Struct."""

from __future__ import annotations

import socket
from typing import Annotated

from msgspec import Struct

from tianji.settings import Secret, variable
from tianji_gateway.snapshot.lookup import CAPACITY
from tianji_gateway.spool.settings import FailureMode


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """What `tianji gateway` reads once, at start."""

    host: str = "0.0.0.0"
    port: int = 4000
    workers: int = 1
    home: str = ".tianji"
    nats_url: Annotated[str, variable("NATS_URL")]
    redis_url: Annotated[str | None, variable("REDIS_URL")] = None
    control_url: str | None = None
    """Where management paths are forwarded to."""
    salt_key: Secret
    master_key: Secret | None = None
    gateway_id: str = socket.gethostname()
    """Names this gateway in the fleet and in the ledger; each of its processes adds its own id."""
    drain_seconds: float = 10.0
    log_level: str = "INFO"
    log_format: str = ""
    max_request_size_mb: float | None = None
    """None leaves it to `general_settings.max_request_size_mb`."""
    backlog: int = 2048
    key_cache_size: int = CAPACITY
    """How many keys, teams and users each process keeps in memory; those used last stay."""
    max_snapshot_age: float | None = None
    """Seconds without news after which requests are refused; goes before the config's field."""
    unknown_keys_per_minute: int = 300
    """How many keys of one client address may turn out unknown; 0 means any number."""
    upstream_trust_env: bool = False
    """Reach providers through the proxy that HTTPS_PROXY names."""
    upstream_verify_tls: bool = True
    ledger_failure_mode: FailureMode = "refuse"
    """`refuse` answers 503 when a spend event cannot be written, `serve` counts the loss."""
