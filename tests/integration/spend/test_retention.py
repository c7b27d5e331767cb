"""Rows that are too old go, a day at a time; what they sum up to stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uuid_utils
from psycopg.types.json import Jsonb

from tianji.domain.events import Bodies
from tianji_worker.ledger.retention import days_kept
from tianji_worker.runtime import running
from tianji_worker.settings import WorkerSettings


@pytest.mark.parametrize(
    ("general", "days"),
    [
        ({}, None),
        ({"maximum_spend_logs_retention_period": "7d"}, 7),
        ({"maximum_spend_logs_retention_period": "36h"}, 2),
        ({"maximum_spend_logs_retention_period": "30s"}, 1),
        ({"maximum_spend_logs_retention_period": "1mo"}, 30),
        ({"maximum_spend_logs_retention_period": "a while"}, None),
        ({"maximum_spend_logs_retention_days": 30}, 30),
        ({"maximum_spend_logs_retention_days": 30, "maximum_spend_logs_retention_period": "7d"}, 7),
        ({"spend_log_retention_days": 0}, None),
    ],
)
def test_how_long_rows_are_kept(general: dict[str, Any], days: int | None):
    assert days_kept(general) == days


async def test_days_that_are_too_old_are_dropped_and_their_sums_stay(books, event):
    now = datetime.now(UTC)
    ages = (0, 2, 3, 40)
    async with running(WorkerSettings(database_url=books.database_url, nats_url=books.nats_url)) as worker:
        for age in ages:
            then = int((now - timedelta(days=age)).timestamp() * 1e9)
            await books.publish(
                event(1, id=str(uuid_utils.uuid7(nanoseconds=then)), cost_usd="1", bodies=Bodies("q", "a"))
            )
        await books.until_settled()
        await books.db.execute(
            "INSERT INTO spend_counts"
            " (hour, gateway_id, segment, first_id, covered, began, ended, interrupted,"
            " uncalled) SELECT now() - age * interval '1 day', 'g1', 1, 'x', 1, 1, 1, 0, 0"
            " FROM unnest(%s::int[]) AS age",
            [list(ages)],
        )
        await worker.retention.look(now.date())
        assert (await books.rows())[0] == 4

        general = Jsonb({"maximum_spend_logs_retention_period": "2d"})
        await books.db.execute("INSERT INTO settings (id, general) VALUES ('global', %s)", [general])
        await worker.retention.look(now.date())
        assert (await books.rows())[0] == 2
        assert await books.ask("SELECT count(*) FROM spend_bodies") == [(2,)]
        await worker.retention.look(now.date())

        late = int((now - timedelta(days=39)).timestamp() * 1e9)
        await books.publish(event(1, id=str(uuid_utils.uuid7(nanoseconds=late))))
        await books.until_rows(3)

    sums = await books.ask("SELECT requests FROM spend_totals WHERE scope = 'total'")
    assert sums == [(5,)]
    assert await books.ask("SELECT count(*) FROM spend_counts") == [(2,)]
