"""What keys of agents spent before the ledger summed up by agent is in those sums, too."""

from __future__ import annotations

from decimal import Decimal

import psycopg

from tianji.store import migrate

BEFORE = "0041_charge_receivers"

ROWS = """
INSERT INTO keys (hash, name, agent_id) VALUES ('k', 'sk-...', 'a'), ('l', 'sk-...', ''),
       ('m', 'sk-...', NULL), ('n', 'sk-...', repeat('x', 3000));
INSERT INTO deleted_objects (kind, object_id, object, deleted_by)
VALUES ('key', 'gone', '{"agent_id": "a"}', 'somebody'), ('key', 'gone', '{"agent_id": "b"}', 'somebody'),
       ('key', 'k', '{"agent_id": "b"}', 'somebody'), ('team', 'm', '{"agent_id": "b"}', 'somebody');
INSERT INTO spend_cells (day, key_hash, user_id, team_id, organization_id, model, upstream_model, provider,
                         call_type, spend_usd, requests)
VALUES ('2026-01-01', 'k', 'u', '', 'o', 'm', 'm', 'x', '', 3, 1),
       ('2026-01-01', 'k', 'v', '', 'o', 'm', 'm', 'x', '', 4, 1),
       ('2026-01-02', 'gone', 'u', 't', 'o', 'm', 'm', 'x', '', 1, 1),
       ('2026-01-02', 'l', '', 't', 'o', 'm', 'm', 'x', '', 9, 1),
       ('2026-01-02', 'm', '', 't', 'o', 'm', 'm', 'x', '', 9, 1),
       ('2026-01-02', 'n', '', 't', 'o', 'm', 'm', 'x', '', 9, 1);
"""


def test_what_agents_spent_before_is_carried_over_and_back(empty_postgres_url: str) -> None:
    url = empty_postgres_url
    migrate.up(url)
    migrate.down(url, BEFORE)
    with psycopg.connect(url) as db:
        db.execute(ROWS)
    migrate.up(url)

    with psycopg.connect(url) as db:
        days = db.execute(
            "SELECT scope_id, key_hash, day::text, spend_usd FROM spend_daily"
            " WHERE scope = 'agent' ORDER BY day"
        ).fetchall()
        totals = db.execute("SELECT scope_id, spend_usd, requests FROM spend_totals").fetchall()
    assert days == [("a", "k", "2026-01-01", Decimal(7)), ("a", "gone", "2026-01-02", Decimal(1))]
    assert totals == [("a", Decimal(8), 3)]

    migrate.down(url, BEFORE)
    with psycopg.connect(url) as db:
        assert db.execute("SELECT count(*) FROM spend_totals").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM spend_daily").fetchone() == (0,)
