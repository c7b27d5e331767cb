"""The ledger's days as FOCUS rows, over HTTP and by the command line's own call."""

from __future__ import annotations

import builtins
import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import uuid_utils
from pyarrow import parquet

from tianji.domain.events import SpendEvent
from tianji.wire.neutral import Usage
from tianji_control.resources.exports.focus import COLUMNS, MONEY
from tianji_worker.ledger.rows import row_of
from tianji_worker.ledger.write import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/focus/export?start_date=2026-01-30&end_date=2026-02-01"
FINE = "0.000000000000123456"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def key(control: Any) -> str:
    """Return the hash of a team's key with calls on two days."""
    await control.post("/team/new", {"team_id": "t", "team_alias": "=Team"})
    made = await control.made_key(team_id="t", key_alias="alias")
    ledger, today = Ledger(control.runtime.store), datetime(2026, 2, 2, tzinfo=UTC).date()
    for day, cost in ((31, "1.5"), (31, "1.5"), (1, FINE)):
        began = datetime(2026, 1 if day == 31 else 2, day, 5, tzinfo=UTC).timestamp()
        event = SpendEvent(
            id=str(uuid_utils.uuid7(nanoseconds=int(began * 1e9))),
            started_at=began,
            ended_at=began + 1,
            call_type="acompletion",
            model="gpt",
            model_group="gpt",
            upstream_model="gpt-4o",
            provider="openai",
            key_hash=made["token"],
            team_id="t",
            usage=Usage(input_tokens=10, output_tokens=5),
            cost_usd=cost,
        )
        await ledger.write([row_of(msgspec.json.encode(event), today)])
    return str(made["token"])


async def test_a_day_of_a_key_and_model_is_one_row(control: Any, key: str) -> None:
    answer = await control.get(PATH)

    assert answer.headers["content-type"].startswith("text/csv")
    first, second = csv.DictReader(io.StringIO(answer.body.decode()))
    assert tuple(first) == COLUMNS
    assert {name: Decimal(first[name]) for name in MONEY} == dict.fromkeys(MONEY, Decimal(3))
    assert second["BilledCost"] == FINE
    known = {
        "BillingAccountId": key,
        "BillingAccountName": "alias",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-01-01T00:00:00Z",
        "BillingPeriodEnd": "2026-02-01T00:00:00Z",
        "ChargePeriodStart": "2026-01-31T00:00:00Z",
        "ChargePeriodEnd": "2026-02-01T00:00:00Z",
        "ChargeCategory": "Usage",
        "ConsumedQuantity": "2",
        "ConsumedUnit": "Requests",
        "ProviderName": "openai",
        "ResourceId": "gpt-4o",
        "ServiceName": "gpt",
        "SubAccountId": "t",
        "x_InputTokens": "20",
        "x_OutputTokens": "10",
    }
    assert known.items() <= first.items()
    assert msgspec.json.decode(first["Tags"])["api_key_alias"] == "alias"


async def test_parquet_holds_the_same_rows(control: Any, key: str) -> None:
    answer = await control.get(f"{PATH}&format=parquet")

    rows = parquet.read_table(io.BytesIO(answer.body)).to_pylist()
    assert [row["BilledCost"] for row in rows] == [Decimal(3), Decimal(FINE)]
    assert rows[0]["ChargePeriodStart"] == datetime(2026, 1, 31, tzinfo=UTC)
    assert rows[0]["ConsumedQuantity"] == 2 and rows[0]["x_InputTokens"] == 20


async def test_parquet_without_its_library_is_refused_with_what_to_do(
    control: Any, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return whole(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    answer = await control.get(f"{PATH}&format=parquet")
    assert answer.status == 501 and "extra `parquet`" in answer.error["message"]


async def test_an_unknown_format_and_a_missing_span_are_refused(control: Any) -> None:
    assert (await control.get(f"{PATH}&format=xlsx")).status == 400
    assert (await control.get("/focus/export")).status == 400


async def test_each_charge_names_who_charges_it(control: Any, key: str) -> None:
    began = datetime(2026, 3, 1, 5, tzinfo=UTC).timestamp()
    refused = SpendEvent(
        id=str(uuid_utils.uuid7(nanoseconds=int(began * 1e9))),
        started_at=began, ended_at=began, status="failure", http_status=404, model="none", key_hash=key,
    )  # fmt: skip
    await Ledger(control.runtime.store).write(
        [row_of(msgspec.json.encode(refused), datetime(2026, 3, 1, tzinfo=UTC).date())]
    )

    answer = await control.get("/focus/export?start_date=2026-01-30&end_date=2026-03-02")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    never_empty = (
        "BillingAccountId",
        "ChargeDescription",
        "InvoiceIssuerName",
        "ProviderName",
        "PublisherName",
    )
    assert len(rows) == 2
    assert all(row[name] for row in rows for name in (*never_empty, "ServiceName", "ChargePeriodStart"))
