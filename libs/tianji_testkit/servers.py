"""Fixtures: real Postgres, NATS and Redis for tests.

Each pytest process starts its own servers, on free ports, with data in a temporary folder; they
end with the process. `postgres_url`, `nats_url` and `redis_url` are fresh for each test module;
`own_postgres`, `own_nats` and `own_valkey` are servers that one test may stop, kill and start again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tianji.embedded import Nats, Postgres, Valkey
from tianji.store import migrate

EMPTY = "template0"

NewDatabase = Callable[[str], str]


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the servers of this pytest process live in."""
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def new_database(server_folder: Path) -> Iterator[NewDatabase]:
    """Return a function that makes a database out of a template and returns its URL."""
    server = Postgres(server_folder / "postgres", throwaway=True)
    base = server.start()
    count = itertools.count(1)

    def make(template: str) -> str:
        name = f"test_{next(count)}"
        _create(base, name, template)
        return _beside(base, name)

    yield make
    server.stop()


@pytest.fixture(scope="session")
def migrated_template(new_database: NewDatabase) -> str:
    """Return the name of a template database that holds the product's schema."""
    url = new_database(EMPTY)
    migrate.up(url)
    return url.rpartition("/")[2]


@pytest.fixture(scope="module")
def postgres_url(new_database: NewDatabase, migrated_template: str) -> str:
    """Return the URL of a migrated database, fresh for this module."""
    return new_database(migrated_template)


@pytest.fixture
def empty_postgres_url(new_database: NewDatabase) -> str:
    """Return the URL of a database without any table, fresh for this test."""
    return new_database(EMPTY)


@pytest.fixture(scope="module")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a NATS server with JetStream, fresh for this module."""
    server = Nats(tmp_path_factory.mktemp("nats"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a Redis server, fresh for this module."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server.start()
    server.stop()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """Return a Postgres server that is not started yet."""
    server = Postgres(tmp_path / "postgres")
    yield server
    server.stop()


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[Nats]:
    """Return a NATS server that is not started yet."""
    server = Nats(tmp_path / "nats")
    yield server
    server.stop()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """Return a Redis server that is not started yet."""
    server = Valkey(tmp_path / "valkey")
    yield server
    server.stop()


def _create(base: str, name: str, template: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    with psycopg.connect(_beside(base, "postgres"), autocommit=True, connect_timeout=10) as connection:
        connection.execute(statement)


def _beside(url: str, database: str) -> str:
    return url.rpartition("/")[0] + "/" + database
