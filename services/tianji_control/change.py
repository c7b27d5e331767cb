"""One management write: rows, audit and outbox in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from tianji.config.references import holds_secret
from tianji.domain.snapshot import SETTINGS
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, run
from tianji_control.access.permits import Actor
from tianji_control.resources.config.store import GLOBAL
from tianji_control.spent import bases, configured
from tianji_control.versions import Condition
from tianji_control.written import Written

Q = Queries.beside(__file__)

HIDDEN = "***"


class Origin(Struct, frozen=True):
    """From where a change comes."""

    ip: str | None = None
    route: str | None = None
    changed_by: str | None = None
    """Whom the caller says to act for."""


NOWHERE = Origin()


class Noted(Struct, frozen=True):
    """A row of the outbox, which the publisher is told of when the transaction commits."""

    id: int


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
        """Note that an object was written; `note_all` says when."""
        await self.note_all([Written(kind, id, action, before, after)])

    async def note_all(self, written: Sequence[Written]) -> None:
        """Note that objects were written: for the gateways, and for the audit log.

        Call it after the writes themselves: then of two transactions on one object the one that commits
        last notes last.
        """
        await self._note([(one.kind, one.id) for one in written], written)
        await bases.follow(self.db, written)
        if any(map(configured.concerns, written)) and await configured.follow(self.db):
            await self.tell(SETTINGS, GLOBAL)

    async def tell(self, kind: str, *ids: str) -> None:
        """Note for the gateways only that objects were written; `note_all` says when."""
        if ids:
            await self._note([(kind, id) for id in ids], [])

    async def record(
        self,
        kind: str,
        id: str,
        action: str,
        *,
        before: Struct | None = None,
        after: Struct | None = None,
    ) -> None:
        """Write the audit log only: of what no gateway needs to know."""
        await self._note([], [Written(kind, id, action, before, after)])

    async def _note(self, told: Sequence[tuple[str, str]], recorded: Sequence[Written]) -> None:
        """Write what gateways are to be told, and what is to stand in the audit log, in one statement."""
        for one in recorded:
            self.compare(one.kind, one.before)
        noted = await many(
            self.db,
            Q.note,
            Noted,
            kinds=[kind for kind, _ in told],
            ids=[id for _, id in told],
            records=Jsonb([_recorded(one) for one in recorded], dumps=msgspec.json.encode),
            actor=self.actor.name,
            actor_role=self.actor.role,
            actor_key_hash=self.actor.key_hash,
            ip=self.origin.ip,
            route=self.origin.route,
            changed_by=self.origin.changed_by,
        )
        self.notes += [one.id for one in noted]

    def compare(self, kind: str, before: Struct | None) -> None:
        """Raise PreconditionFailed for an object that is not as the caller says to have seen it."""
        if self.condition is not None and before is not None:
            self.condition.check(kind, before)

    async def keep(self, kind: str, id: str, row: Struct) -> None:
        """Keep what is about to be deleted: the ledger may go on naming it."""
        await self.keep_all(kind, {id: row})

    async def keep_all(self, kind: str, rows: Mapping[str, Struct]) -> None:
        """Keep objects that are about to be deleted."""
        objects = {id: plain(row) for id, row in rows.items()}
        await run(self.db, Q.keep_deleted, kind=kind, objects=objects, by=self.actor.name)


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


def _recorded(one: Written) -> dict[str, Any]:
    """Return a change as a row of the audit log, and what says whose it is."""
    row = one.after or one.before
    return {
        "action": one.action,
        "resource": one.kind,
        "resource_id": one.id,
        "before": _shown(one.before),
        "after": _shown(one.after),
        "user_id": getattr(row, "user_id", None),
        "team_id": getattr(row, "team_id", None),
        "organization_id": getattr(row, "organization_id", None),
        "key_hash": getattr(row, "hash", None),
    }


def _shown(row: Struct | None) -> dict[str, Any] | None:
    if row is None:
        return None
    shown: dict[str, Any] = without_secrets(plain(row))
    if "secrets" in shown:
        shown["secrets"] = dict.fromkeys(shown["secrets"], HIDDEN)
    return shown
