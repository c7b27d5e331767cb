"""One management write: rows, audit and outbox in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from tianji.config.references import holds_secret
from tianji.store.queries import Queries
from tianji.store.rows import Connection, run
from tianji_control.access.permits import Actor
from tianji_control.publish import outbox
from tianji_control.spent import bases
from tianji_control.versions import Condition

Q = Queries.beside(__file__)

HIDDEN = "***"


class Origin(Struct, frozen=True):
    """From where a change comes."""

    ip: str | None = None
    route: str | None = None
    changed_by: str | None = None
    """Whom the caller says to act for."""


NOWHERE = Origin()


class Change:
    """A transaction under way, and what it has noted so far."""

    def __init__(
        self, db: Connection, actor: Actor, origin: Origin = NOWHERE, condition: Condition | None = None
    ) -> None:
        self.db = db
        self.actor = actor
        self.origin = origin
        self.condition = condition
        self.notes: list[int] = []

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """Open a part of the change: an exception undoes what was done in it, and only that."""
        noted = len(self.notes)
        try:
            async with self.db.transaction():
                yield
        except BaseException:
            del self.notes[noted:]
            raise

    async def note(
        self,
        kind: str,
        id: str,
        action: str,
        *,
        before: Struct | None = None,
        after: Struct | None = None,
    ) -> None:
        """Note that an object was written: for the gateways, and for the audit log.

        Call it after the write itself (`publish.outbox.note` says why).
        """
        await self.tell(kind, id)
        await self.record(kind, id, action, before=before, after=after)
        await bases.follow(self.db, kind, id, before, after)

    async def tell(self, kind: str, id: str) -> None:
        """Note for the gateways only that an object was written; `note` says when."""
        self.notes.append(await outbox.note(self.db, kind, id))

    async def record(
        self,
        kind: str,
        id: str,
        action: str,
        *,
        before: Struct | None = None,
        after: Struct | None = None,
    ) -> None:
        """Write the audit log only: of what no gateway needs to know.

        Raises PreconditionFailed for an object that is not as the caller says to have seen it.
        """
        if self.condition is not None and before is not None:
            self.condition.check(kind, before)
        row = after or before
        await run(
            self.db,
            Q.audit,
            actor=self.actor.name,
            actor_role=self.actor.role,
            actor_key_hash=self.actor.key_hash,
            action=action,
            resource=kind,
            resource_id=id,
            before=_shown(before),
            after=_shown(after),
            ip=self.origin.ip,
            route=self.origin.route,
            changed_by=self.origin.changed_by,
            user_id=getattr(row, "user_id", None),
            team_id=getattr(row, "team_id", None),
            organization_id=getattr(row, "organization_id", None),
            key_hash=getattr(row, "hash", None),
        )

    async def keep(self, kind: str, id: str, row: Struct) -> None:
        """Keep what is about to be deleted: the ledger may go on naming it."""
        await run(
            self.db, Q.keep_deleted, kind=kind, id=id, object=Jsonb(plain(row), dumps=msgspec.json.encode),
            by=self.actor.name,
        )  # fmt: skip


def without_secrets(value: Any) -> Any:
    """Return a value with what its names say is secret masked, at any depth."""
    if isinstance(value, dict):
        return {
            name: HIDDEN if isinstance(part, str) and holds_secret(str(name)) else without_secrets(part)
            for name, part in value.items()
        }
    return [without_secrets(part) for part in value] if isinstance(value, list) else value


def plain(row: Struct) -> dict[str, Any]:
    """Return a row as JSON holds it."""
    built: dict[str, Any] = msgspec.to_builtins(row, enc_hook=str, builtin_types=(datetime, Decimal))
    return built


def _shown(row: Struct | None) -> Jsonb | None:
    if row is None:
        return None
    shown = without_secrets(plain(row))
    if "secrets" in shown:
        shown["secrets"] = dict.fromkeys(shown["secrets"], HIDDEN)
    return Jsonb(shown, dumps=msgspec.json.encode)
