"""Every advisory lock of the product in Postgres: its number and what its holder alone may do."""

from __future__ import annotations

from enum import IntEnum


class Lock(IntEnum):
    """Numbers that nothing else in the database may lock; one that is in use never changes its meaning."""

    MIGRATIONS = 7_465_616_031
    """Change the schema."""
    PUBLISHER = 7_465_616_032
    """Publish to NATS, as the leader of all control planes."""
    CONFIG_FILE = 7_465_616_033
    """Make the records that come from the config file follow it."""
    PARTITIONS = 8_317_020_501
    """Make partitions of the ledger."""
    SPEND_WINDOWS = 8_317_020_502
    """Close a gateway process in the ledger; who writes rows holds it shared."""
    KEY_ROTATION = 8_317_020_511
    """Give keys a new value whose interval is over."""
    ALERTS = 8_317_020_512
    """Forget alerts that were sent long ago."""
    RETENTION = 8_317_020_503
    """Drop what is old in the ledger."""
