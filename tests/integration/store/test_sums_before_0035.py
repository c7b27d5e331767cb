"""What was spent before the ledger summed up by project, deployment and member is in those sums, too."""

from __future__ import annotations

from decimal import Decimal

import psycopg

from tianji.store import migrate

BEFORE = "0034_audit_of_others"

ROWS = """
INSERT INTO organizations (organization_id) VALUES ('o');
INSERT INTO users (user_id) VALUES ('u'), ('v');
INSERT INTO organization_members (organization_id, user_id, role, max_budget)
VALUES ('o', 'u', 'org_member', 7), ('o', 'v', 'org_member', NULL);
INSERT INTO teams (team_id) VALUES ('t');
INSERT INTO projects (project_id, team_id) VALUES ('p', 't');
INSERT INTO keys (hash, name, team_id, project_id) VALUES ('k', 'sk-...', 't', 'p');
INSERT INTO deleted_objects (kind, object_id, object, deleted_by)
VALUES ('key', 'gone', '{"project_id": "p"}', 'somebody');
CREATE TABLE spend_logs_20260101 PARTITION OF spend_logs FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
INSERT INTO spend_logs
SELECT (jsonb_populate_record(NULL::spend_logs, usual.fields || call.fields)).*
FROM (
    SELECT jsonb_object_agg(attname, CASE atttypid
        WHEN 'text'::regtype THEN '""'::jsonb WHEN 'boolean'::regtype THEN 'true'
        WHEN 'jsonb'::regtype THEN '{}' WHEN 'text[]'::regtype THEN '[]'
        WHEN 'uuid'::regtype THEN to_jsonb(gen_random_uuid())
        WHEN 'timestamptz'::regtype THEN to_jsonb(now()) ELSE '0' END) AS fields
    FROM pg_attribute
    WHERE attrelid = 'spend_logs'::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull
      AND attname <> 'day'
) AS usual, (VALUES
    ('{"day": "2026-01-01", "key_hash": "k", "deployment_id": "d", "cost_usd": 1.5}'::jsonb),
    ('{"day": "2026-01-01", "key_hash": "other", "id": "00000000-0000-7000-8000-000000000000"}')
) AS call (fields);
INSERT INTO spend_daily (day, scope, scope_id, model, provider, spend_usd, requests)
VALUES ('2026-01-01', 'key', 'k', 'm', 'x', 1.5, 1), ('2025-01-01', 'key', 'gone', 'm', 'x', 2, 1);
INSERT INTO spend_cells (day, key_hash, user_id, team_id, organization_id, model, upstream_model, provider,
                         call_type, spend_usd)
VALUES ('2026-01-01', 'k', 'u', '', 'o', 'm', 'm', 'x', '', 3),
       ('2026-01-02', 'l', 'u', 't', 'o', 'm', 'm', 'x', '', 1),
       ('2026-01-02', 'l', '', 't', 'o', 'm', 'm', 'x', '', 9);
"""


def test_what_was_spent_before_is_carried_over_and_back(empty_postgres_url: str) -> None:
    url = empty_postgres_url
    migrate.up(url)
    migrate.down(url, BEFORE)
    with psycopg.connect(url) as db:
        db.execute(ROWS)
    migrate.up(url)

    with psycopg.connect(url) as db:
        totals = db.execute("SELECT scope, scope_id, spend_usd FROM spend_totals").fetchall()
        projects = db.execute("SELECT key_hash, project_id FROM spend_logs ORDER BY key_hash").fetchall()
        budgets = db.execute(
            "SELECT m.user_id, b.max_budget FROM organization_members m LEFT JOIN budgets b USING (budget_id)"
            " ORDER BY m.user_id"
        ).fetchall()
    assert sorted(totals) == [
        ("deployment", "d", Decimal("1.5")),
        ("organization_member", "o:u", Decimal(4)),
        ("project", "p", Decimal("3.5")),
    ]
    assert projects == [("k", "p"), ("other", None)]
    assert budgets == [("u", Decimal(7)), ("v", None)]

    migrate.down(url, BEFORE)
    with psycopg.connect(url) as db:
        kept = db.execute("SELECT user_id, max_budget FROM organization_members ORDER BY user_id").fetchall()
        assert kept == [("u", Decimal(7)), ("v", None)]
        assert db.execute("SELECT count(*) FROM spend_totals").fetchone() == (0,)
