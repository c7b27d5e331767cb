"""Settings by section, as rows: what the config file says, what calls have set, what is in force."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from psycopg.types.json import Jsonb

from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, run

Q = Queries.beside(__file__)

GENERAL = "general_settings"
CALLS = "litellm_settings"
ROUTER = "router_settings"
ENVIRONMENT = "environment_variables"
SECTIONS = (GENERAL, CALLS, ROUTER, ENVIRONMENT)

Map = dict[str, Any]


class Sections(Struct, frozen=True, kw_only=True):
    """Settings of one origin, or of all together."""

    router: Map = {}
    calls: Map = {}
    general: Map = {}
    environment: dict[str, str] = {}
    """Variables for providers, each value sealed."""

    def of(self, section: str) -> Map:
        """Return one section by the name that the config file has for it."""
        named = {
            GENERAL: self.general,
            CALLS: self.calls,
            ROUTER: self.router,
            ENVIRONMENT: self.environment,
        }
        return named[section]


class FieldRow(Struct, frozen=True):
    """One row of the table `settings_fields`."""

    section: str
    name: str
    value: Any
    secret: bool
    """Whether `value` is a sealed text."""


async def from_file(db: Connection, *, for_update: bool = False) -> Sections:
    """Return what the config file says; `for_update` keeps others from writing settings."""
    query = Q.from_file_for_update if for_update else Q.from_file
    return await one(db, query, Sections) or Sections()


async def in_force(db: Connection) -> Sections:
    """Return the settings that gateways act on."""
    return await one(db, Q.in_force, Sections) or Sections()


async def fields(db: Connection) -> list[FieldRow]:
    """List what calls have set."""
    return await many(db, Q.fields, FieldRow)


async def save(db: Connection, row: FieldRow, by: str) -> None:
    """Set a field."""
    await run(
        db, Q.save_field, section=row.section, name=row.name, value=Jsonb(row.value), secret=row.secret,
        updated_by=by,
    )  # fmt: skip


async def delete(db: Connection, section: str, name: str) -> bool:
    """Unset a field; say whether it was set."""
    return await run(db, Q.delete_field, section=section, name=name) > 0
