"""Every named query of every service is valid against the migrated schema."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import pq
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer

from tianji.store.queries import Queries, literal

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(path for root in ("services", "libs") for path in (ROOT / root).rglob("queries.sql"))


class _Anything(dict[str, None]):
    """Has every name: parameters of which only the places matter."""

    def __missing__(self, name: str) -> None:
        return None


def test_there_are_queries() -> None:
    assert len(FILES) > 5


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_query_prepares(path: Path, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as db:
        queries = list(Queries(path))
        for _, text in queries:
            if "TEMPORARY TABLE" in text:  # made at run time by the file's own query, for its others
                db.execute(literal(text))
        for name, text in queries:
            query = PostgresQuery(Transformer(db))
            query.convert(text, _Anything())
            result = db.pgconn.prepare(b"", query.query)
            assert result.status == pq.ExecStatus.COMMAND_OK, f"{name}: {db.pgconn.error_message.decode()}"
