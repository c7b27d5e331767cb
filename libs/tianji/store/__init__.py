"""Postgres: the pool, named queries and migrations."""
