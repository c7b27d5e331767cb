"""Fills the tables of a running system, past its API: it would take hours."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from tianji.store.queries import Queries, literal


def fill(database_url: str, keys: int, teams: int) -> float:
    """Add organizations, teams, users, keys and what they leave behind; return how long it took."""
    began = time.monotonic()
    with psycopg.connect(database_url, autocommit=True) as db:
        for _, query in Queries(Path(__file__).with_name("fill.sql")):
            db.execute(literal(query), {"keys": keys, "teams": teams})
        db.execute("VACUUM ANALYZE")
        db.execute("CHECKPOINT")
    return time.monotonic() - began


def secret_of(number: int) -> str:
    """Return one of the keys."""
    return f"sk-admin-{number}"
