"""One management write: rows, audit and outbox in one transaction."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from tianji.config.references import holds_secret
from tianji.store.queries import Queries
from tianji.store.rows import Connection, run
from tianji_control.access.permits import Actor
from tianji_control.publish import outbox

Q = Queries.beside(__file__)

HIDDEN = "***"


class Change:
    """A transaction under way, and what it has noted so far."""

    def __init__(self, db: Connection, actor: Actor) -> None:
        self.db = db
        self.actor = actor
        self.notes: list[int] = []

    async def note(
        self,
        kind: str,
        id: str,
        action: str,
        *,
        before: msgspec.Struct | None = None,
        after: msgspec.Struct | None = None,
    ) -> None:
        """Note that an object was written: for the gateways, and for the audit log.

        Call it after the write itself (`publish.outbox.note` says why).
        """
        self.notes.append(await outbox.note(self.db, kind, id))
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
        )


def without_secrets(value: Any) -> Any:
    """Return a value with what its names say is secret masked, at any depth."""
    if isinstance(value, dict):
        return {
            name: HIDDEN if isinstance(part, str) and holds_secret(str(name)) else without_secrets(part)
            for name, part in value.items()
        }
    return [without_secrets(part) for part in value] if isinstance(value, list) else value


def _shown(row: msgspec.Struct | None) -> Jsonb | None:
    if row is None:
        return None
    plain = msgspec.to_builtins(row, enc_hook=str, builtin_types=(datetime, Decimal))
    shown = without_secrets(plain)
    if "secrets" in shown:
        shown["secrets"] = dict.fromkeys(shown["secrets"], HIDDEN)
    return Jsonb(shown, dumps=msgspec.json.encode)
