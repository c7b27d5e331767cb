"""Schema migrations: plain SQL, applied by yoyo, one process at a time.

yoyo marks its own lock by a row that outlives a killed process, and marks a migration as applied
in another transaction than the one that applied it. Here a Postgres advisory lock, which ends
with its session, keeps others out, and each migration and its mark commit together.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from msgspec import Struct
from yoyo import read_migrations
from yoyo.backends import DatabaseBackend
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.migrations import Migration, MigrationList

from tianji.errors import NotFound
from tianji.store.locks import Lock

log = logging.getLogger(__name__)

LOCK_TIMEOUT = "5s"  # how long a migration may wait for a table that traffic uses
STATEMENT_TIMEOUT = "10min"
CONNECT_TIMEOUT_S = 10


class Status(Struct, frozen=True):
    """Which migrations a database has, oldest first."""

    applied: list[str]
    pending: list[str]


def up(url: str) -> list[str]:
    """Apply what is missing and return its names. Safe from several processes at once."""
    with _locked(url) as (backend, migrations):
        missing = list(backend.to_apply(migrations))
        for migration in missing:
            with backend.transaction():
                _set_timeouts(backend)
                migration.process_steps(backend, "apply")
                backend.mark_one(migration)
            log.info("migration applied", extra={"migration": migration.id})
        return [migration.id for migration in missing]


def down(url: str, to: str | None) -> list[str]:
    """Undo all migrations after `to` (all of them when None), newest first; return their names."""
    with _locked(url) as (backend, migrations):
        known = [migration.id for migration in migrations]
        if to is not None and to not in known:
            raise NotFound(f"There is no migration {to}; there are: {', '.join(known)}", param="to")
        undone = [m for m in backend.to_rollback(migrations) if to is None or m.id > to]
        for migration in undone:
            with backend.transaction():
                _set_timeouts(backend)
                migration.process_steps(backend, "rollback")
                backend.unmark_one(migration)
            log.info("migration undone", extra={"migration": migration.id})
        return [migration.id for migration in undone]


def status(url: str) -> Status:
    """Say which migrations a database has and which it lacks."""
    with _locked(url) as (backend, migrations):
        pending = [migration.id for migration in backend.to_apply(migrations)]
        return Status([m.id for m in migrations if m.id not in pending], pending)


def folder() -> Path:
    """Return where the migrations are: in the wheel, or in the checkout."""
    here = Path(__file__).resolve()
    packaged = here.parent / "migrations"
    return packaged if packaged.is_dir() else here.parents[3] / "migrations"


class _Address(NamedTuple):
    """What yoyo keeps of a URL."""

    url: str
    database: str = ""


class _Backend(PostgresqlPsycopgBackend):
    """yoyo's backend, connected by the driver itself: it knows every form of URL, yoyo does not."""

    def connect(self, dburi: _Address) -> psycopg.Connection[Any]:
        return psycopg.connect(dburi.url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)


@contextmanager
def _locked(url: str) -> Iterator[tuple[DatabaseBackend, MigrationList[Migration]]]:
    logging.getLogger("yoyo").setLevel(logging.WARNING)  # it tells every statement
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", [Lock.MIGRATIONS])
        with _Backend(_Address(url), "_yoyo_migrations") as backend:
            backend.init_database()
            backend.break_lock()  # a row left by a killed process: the advisory lock is ours
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                migrations = read_migrations(str(folder()))
            yield backend, migrations


def _set_timeouts(backend: DatabaseBackend) -> None:
    backend.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    backend.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
