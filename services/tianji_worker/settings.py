"""The worker's environment as one frozen Struct."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from tianji.settings import Secret, variable


class WorkerSettings(Struct, frozen=True, kw_only=True):
    """What `tianji worker` reads once, at start."""

    database_url: Annotated[str, variable("DATABASE_URL")]
    nats_url: Annotated[str, variable("NATS_URL")]
    redis_url: Annotated[str | None, variable("REDIS_URL")] = None
    host: str = "0.0.0.0"
    port: Annotated[int, variable("TIANJI_WORKER_PORT")] = 4002
    home: str = ".tianji"
    drain_seconds: float = 10.0
    log_level: str = "INFO"
    log_format: str = ""
    database_pool: int = 4
    master_key: Secret | None = None
    salt_key: Secret | None = None
    """Opens addresses of alerts that the config file or a call has set."""
    slack_webhook_url: Annotated[Secret | None, variable("SLACK_WEBHOOK_URL")] = None
    webhook_url: Annotated[Secret | None, variable("WEBHOOK_URL")] = None
    smtp_host: Annotated[Secret | None, variable("SMTP_HOST")] = None
    smtp_port: Annotated[Secret | None, variable("SMTP_PORT")] = None
    smtp_username: Annotated[Secret | None, variable("SMTP_USERNAME")] = None
    smtp_password: Annotated[Secret | None, variable("SMTP_PASSWORD")] = None
    smtp_sender_email: Annotated[Secret | None, variable("SMTP_SENDER_EMAIL")] = None
    smtp_tls: Annotated[Secret | None, variable("SMTP_TLS")] = None
    key_rotation_enabled: bool = False
    """Whether keys with `auto_rotate` get a new value when their interval is over."""
    key_rotation_check_interval_seconds: float = 86400.0
    key_rotation_grace_period: str = ""
    """How long the old value goes on working, such as 24h; empty: it ends at once."""
