"""Keys that have had several values: what they spent stays with them when these are no longer known."""

from __future__ import annotations

from decimal import Decimal

import psycopg

from tianji.store import migrate

BEFORE = "0037_budget_alerts"

ROWS = """
INSERT INTO keys (hash, name, spend_adjustment)
VALUES ('second', 'sk-...', 0), ('third', 'sk-...', 1), ('one', 'sk-...', 2);
INSERT INTO spend_totals (scope, scope_id, spend_usd)
VALUES ('key', 'first', 10), ('key', 'second', 20), ('key', 'third', 30), ('key', 'one', 40),
       ('team', 'first', 50);
INSERT INTO spend_windows (bound, window_id, process, spent_nano)
VALUES ('key:first', 'all', '', 7), ('key:first', 'all', 'g1', 8), ('key:first@1d', '1d:x', 'g1', 9),
       ('key_model:first:gpt:4', 'all', 'g1', 6), ('team:first', 'all', 'g1', 5), ('key:one', 'all', 'g1', 4);
INSERT INTO budget_generations (holder, generation, base_usd) VALUES ('key:first', 3, 1.5);
"""


def test_what_a_key_spent_with_all_its_values_comes_along(empty_postgres_url: str) -> None:
    url = empty_postgres_url
    migrate.up(url)
    with psycopg.connect(url) as db:
        db.execute(ROWS)
        for old, new in (("first", "second"), ("second", "third"), ("third", "second")):
            assert db.execute("SELECT give_value_to_key(%s, %s)", [old, new]).fetchone() == (True,)
        assert db.execute("SELECT give_value_to_key('one', 'first')").fetchone() == (False,)
        db.rollback()
        db.execute(ROWS)
        for old, new in (("first", "second"), ("second", "third")):
            db.execute("SELECT give_value_to_key(%s, %s)", [old, new])
        assert db.execute("SELECT origin_of_key('third'), origin_of_key('one')").fetchone() == (
            "first",
            "one",
        )
    migrate.down(url, BEFORE)

    with psycopg.connect(url) as db:
        spent = db.execute(
            "SELECT hash, spend_adjustment + spend_usd FROM keys JOIN spend_totals ON scope = 'key'"
            " AND scope_id = hash ORDER BY hash"
        ).fetchall()
        windows = db.execute(
            "SELECT bound, spent_nano, base_nano FROM spend_windows WHERE bound ~ 'third' ORDER BY bound"
        ).fetchall()
        anew = db.execute("SELECT generation FROM budget_generations WHERE holder = 'key:third'").fetchone()
    assert spent == [("one", Decimal(42)), ("second", Decimal(60)), ("third", Decimal(61))]
    assert windows == [
        ("key:third", Decimal(15), Decimal(15)),
        ("key:third@1d", Decimal(9), Decimal(9)),
        ("key_model:third:gpt:4", Decimal(6), Decimal(6)),
    ]
    assert anew == (3,)
