"""The control plane's environment as one frozen Struct."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from tianji.settings import Secret, variable


class ControlSettings(Struct, frozen=True, kw_only=True):
    """What `tianji control` reads once, at start."""

    database_url: Annotated[str, variable("DATABASE_URL")]
    nats_url: Annotated[str, variable("NATS_URL")]
    redis_url: Annotated[str | None, variable("REDIS_URL")] = None
    host: str = "0.0.0.0"
    port: Annotated[int, variable("TIANJI_CONTROL_PORT")] = 4001
    home: str = ".tianji"
    config: str | None = None
    """Path of the config file."""
    master_key: Secret | None = None
    """Goes before the config file's `general_settings.master_key`."""
    salt_key: Secret | None = None
    """Encrypts stored credentials; the master key does where it is not set."""
    model_cost_map_url: str | None = None
    """Where other prices than the shipped ones are loaded from, in the form of LiteLLM's price JSON."""
    openai_admin_key: Annotated[Secret | None, variable("OPENAI_ADMIN_KEY")] = None
    """Reads OpenAI's bills, for `/spend/capture_rate`."""
    openai_costs_url: str = "https://api.openai.com/v1/organization/costs"
    drain_seconds: float = 10.0
    log_level: str = "INFO"
    log_format: str = ""
    database_pool: int = 10
