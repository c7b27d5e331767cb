"""What a gateway process says of itself, on change and once a second."""

from __future__ import annotations

from msgspec import Struct


class FleetReport(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What one gateway process has applied.

    `config_sequence` and `keys_sequence` are the last stream sequences of the two buckets'
    streams that it acts on; the control plane compares them with those of its own writes.
    """

    gateway_id: str
    """Unique per process: `<gateway>-<process id>`."""
    revision: int = 0
    config_sequence: int = 0
    keys_sequence: int = 0
    version: str = ""
    started_at: float = 0.0
    processes: int = 1
    """How many processes its gateway has."""
    leaving: bool = False
    """Set on the last report before a clean stop."""

    @property
    def gateway(self) -> str:
        """The gateway that this process is one of."""
        return self.gateway_id.rpartition("-")[0] or self.gateway_id
