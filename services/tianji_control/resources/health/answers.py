"""What the paths of health answer."""

from __future__ import annotations

from typing import TypedDict


class Readiness(TypedDict):
    """Whether the control plane can work."""

    status: str
    db: str
    nats: str
    publishing: bool


class GatewayShown(TypedDict):
    """A gateway process, and whether it has applied what was published."""

    gateway_id: str
    revision: int
    version: str
    started_at: float
    lagging: bool
    live: bool
    heard_seconds_ago: float


class FleetShown(TypedDict):
    """What was published last, and the gateways."""

    revision: int
    gateways: list[GatewayShown]
