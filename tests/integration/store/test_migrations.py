"""Every migration forward and back on data; several processes at once; step by step as all at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import psycopg
import pytest
import yoyo.migrations

from tianji.errors import NotFound
from tianji.store import migrate

NAMES = sorted(
    path.name.removesuffix(".sql")
    for path in migrate.folder().glob("*.sql")
    if not path.name.endswith(".rollback.sql")
)

ROWS = {
    "organizations": "INSERT INTO organizations (organization_id) VALUES ('o')",
    "teams": "INSERT INTO teams (team_id, organization_id) VALUES ('t', 'o')",
    "users": "INSERT INTO users (user_id, email) VALUES ('u', 'a@example.org')",
    "team_members": "INSERT INTO team_members (team_id, user_id) VALUES ('t', 'u')",
    "keys": "INSERT INTO keys (hash, name, organization_id) VALUES ('h', 'sk-...1234', 'o')",
    "deployments": "INSERT INTO deployments (id, model_name, provider, model) VALUES ('d', 'm', 'p', 'm')",
    "settings": "INSERT INTO settings (id) VALUES ('global')",
    "audit_log": (
        "INSERT INTO audit_log (actor, actor_role, action, resource, resource_id)"
        " VALUES ('a', 'proxy_admin', 'key:generate', 'key', 'h')"
    ),
    "outbox": "INSERT INTO outbox (kind, object_id) VALUES ('key', 'h')",
    "spend_totals": "INSERT INTO spend_totals (scope, scope_id, spend_usd) VALUES ('key', 'h', 1.5)",
}
"""A row for each table, in an order that foreign keys allow."""


_parsed = cache(yoyo.migrations.read_sql_migration)


def _read(path: str) -> tuple[dict[str, str], str, list[str]]:
    directives, comment, statements = _parsed(path)
    return dict(directives), comment, list(statements)  # whoever undoes them turns the list around


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as db:
        found = db.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_name !~ 'yoyo'"
        ).fetchall()
    return {name for (name,) in found}


def fill(url: str) -> None:
    present = tables(url)
    with psycopg.connect(url) as db:
        for table, statement in ROWS.items():
            if table in present:
                db.execute(statement + " ON CONFLICT DO NOTHING")


def shape(url: str) -> list[tuple[object, ...]]:
    """Return all columns, indexes and constraints of a database."""
    with psycopg.connect(url) as db:
        columns = db.execute(
            "SELECT table_name, column_name, data_type, column_default, is_nullable"
            " FROM information_schema.columns WHERE table_schema = 'public' AND table_name !~ 'yoyo'"
        ).fetchall()
        indexes = db.execute(
            "SELECT tablename, indexname, indexdef FROM pg_indexes"
            " WHERE schemaname = 'public' AND tablename !~ 'yoyo'"
        ).fetchall()
        constraints = db.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text !~ 'yoyo'"
        ).fetchall()
    return sorted(map(repr, columns + indexes + constraints))


def test_every_migration_has_a_way_back() -> None:
    assert NAMES
    for name in NAMES:
        assert (migrate.folder() / f"{name}.rollback.sql").is_file()


def test_numbers_of_migrations_are_unique() -> None:
    numbers = [name.partition("_")[0] for name in NAMES]
    assert len(set(numbers)) == len(numbers)


@pytest.fixture(autouse=True)
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take each file apart once: every step back reads all of them, which takes longer than the step."""
    monkeypatch.setattr(yoyo.migrations, "read_sql_migration", _read)


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make the migrations up to one all that there are, as they were when it was the newest."""
    whole, kept = migrate.folder(), tmp_path / "migrations"
    kept.mkdir()

    def has(newest: str) -> None:
        for name in NAMES[: NAMES.index(newest) + 1]:
            for file in (f"{name}.sql", f"{name}.rollback.sql"):
                if not (kept / file).exists():
                    (kept / file).symlink_to(whole / file)
        monkeypatch.setattr(migrate, "folder", lambda: kept)

    return has


def test_each_migration_goes_forward_and_back_on_data(
    empty_postgres_url: str, release: Callable[[str], None]
) -> None:
    url = empty_postgres_url
    migrate.up(url)
    fill(url)
    shapes = {}
    for name in reversed(NAMES):
        shapes[name] = shape(url)
        fill(url)
        before = NAMES[NAMES.index(name) - 1] if name != NAMES[0] else None
        assert migrate.down(url, before) == [name]
    assert tables(url) == set()
    for name in NAMES:
        release(name)
        assert migrate.up(url) == [name]
        assert shape(url) == shapes[name]
        fill(url)


def test_step_by_step_equals_all_at_once(
    empty_postgres_url: str, postgres_url: str, release: Callable[[str], None]
) -> None:
    for name in NAMES:
        release(name)
        assert migrate.up(empty_postgres_url) == [name]
    assert migrate.status(empty_postgres_url) == migrate.Status(applied=NAMES, pending=[])
    assert shape(empty_postgres_url) == shape(postgres_url)


def test_a_second_run_changes_nothing(empty_postgres_url: str) -> None:
    assert migrate.up(empty_postgres_url) == NAMES
    assert migrate.up(empty_postgres_url) == []
    assert migrate.status(empty_postgres_url) == migrate.Status(applied=NAMES, pending=[])


def test_several_processes_migrate_at_once(empty_postgres_url: str) -> None:
    code = "import sys; from tianji.store import migrate; print(len(migrate.up(sys.argv[1])))"
    command = [sys.executable, "-c", code, empty_postgres_url]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    counts = sorted(int(racer.communicate(timeout=60)[0]) for racer in racers)
    assert all(racer.returncode == 0 for racer in racers)
    assert counts == [0, 0, 0, len(NAMES)]


def test_a_lock_row_left_by_a_killed_process_stops_nobody(empty_postgres_url: str) -> None:
    migrate.up(empty_postgres_url)
    migrate.down(empty_postgres_url, NAMES[0])
    with psycopg.connect(empty_postgres_url, autocommit=True) as db:
        db.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 1)")
    assert migrate.up(empty_postgres_url) == NAMES[1:]


def test_a_migration_that_fails_leaves_nothing_behind(
    empty_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0001_good.sql").write_text("CREATE TABLE good (id int);")
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE half (id int);\nCREATE TABLE half (id int);")
    monkeypatch.setattr(migrate, "folder", lambda: tmp_path)
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate.up(empty_postgres_url)
    assert tables(empty_postgres_url) == {"good"}
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE half (id int);")
    _parsed.cache_clear()
    assert migrate.up(empty_postgres_url) == ["0002_bad"]


def test_going_back_to_an_unknown_migration_is_refused(empty_postgres_url: str) -> None:
    with pytest.raises(NotFound, match="0001_tenants"):
        migrate.down(empty_postgres_url, "0099_nothing")
