"""The fleet-wide settings, as rows."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tianji.store.queries import Queries
from tianji.store.rows import Connection, one, parameters, run

Q = Queries.beside(__file__)

GLOBAL = "global"


class SettingsRow(Struct, frozen=True):
    """The one row of the table `settings`."""

    router: dict[str, Any]
    calls: dict[str, Any]
    general: dict[str, Any]
    master_key_hash: str | None
    environment: dict[str, str]
    secrets: dict[str, str]


async def settings_for_update(db: Connection) -> SettingsRow | None:
    """Return the settings and keep others from writing them until the transaction ends."""
    return await one(db, Q.settings_for_update, SettingsRow, id=GLOBAL)


async def save_settings(db: Connection, row: SettingsRow) -> None:
    """Write the settings."""
    await run(db, Q.save_settings, id=GLOBAL, **parameters(row))
