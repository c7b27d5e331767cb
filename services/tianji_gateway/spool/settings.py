"""How much the spool may hold, how hard it writes, and what happens when it cannot."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

FailureMode = Literal["refuse", "serve"]
Sync = Literal["never", "interval", "each"]


class SpoolSettings(Struct, frozen=True, kw_only=True):
    """What an operator may choose about the spool of one gateway process."""

    failure_mode: FailureMode = "refuse"
    """When a record cannot be written: refuse new requests (503), or serve them and count the loss."""
    sync: Sync = "interval"
    """Against power loss; a killed process loses nothing with any of them."""
    sync_interval_s: float = 0.1
    segment_bytes: int = 8 << 20
    segment_s: float = 60.0
    max_bytes: int = 1 << 30
    """What this process may keep on disk; at the bound the spool counts as unwritable."""
    max_held: int = 1000
    """Ended calls kept in memory while the disk takes nothing."""
    adopt_interval_s: float = 15.0
    drain_s: float = 5.0
