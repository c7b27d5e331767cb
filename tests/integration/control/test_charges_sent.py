"""What other services are sent and asked: Vantage, CloudZero, and OpenAI's bill."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import uuid_utils
from aiohttp import web

from tianji.domain.events import SpendEvent
from tianji.settings import Secret
from tianji.wire.neutral import Usage
from tianji_control.resources.exports import vantage
from tianji_worker.ledger.rows import row_of
from tianji_worker.ledger.write import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAYS = {"start_time_utc": "2026-01-30T00:00:00Z", "end_time_utc": "2026-02-01T00:00:00Z"}
SPAN = "start_date=2026-01-31&end_date=2026-02-01"
KEY = "sk-vantage-secret-key"


class Elsewhere:
    """A web server that stands for all other services, and what it received."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.said: Any = {}
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    async def answer(self, request: web.Request) -> web.Response:
        body: Any = list(request.query.items())
        if request.content_type == "multipart/form-data":
            body = (await request.post())["csv"].file.read().decode()  # type: ignore[union-attr]
        elif request.can_read_body:
            body = msgspec.json.decode(await request.read())
        self.asked.append((request.path, dict(request.headers), body))
        said = self.said.pop(0) if isinstance(self.said, list) else self.said
        return web.json_response(said, status=self.status)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Elsewhere]:
    elsewhere = Elsewhere()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", elsewhere.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    elsewhere.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield elsewhere
    await runner.cleanup()


@pytest.fixture
def elsewhere(server: Elsewhere) -> Elsewhere:
    server.status, server.said, server.asked = 200, {}, []
    return server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(control_settings: Any, running: Any, server: Elsewhere) -> AsyncIterator[Any]:
    """Run a control plane that knows where bills are, with calls on two days."""
    given = control_settings(
        openai_admin_key=Secret("sk-admin"), openai_costs_url=f"{server.url}/v1/organization/costs"
    )
    async with running(given) as control:
        await control.post("/team/new", {"team_id": "Team 1", "team_alias": "=Team"})
        made = await control.made_key(team_id="Team 1", key_alias="alias")
        ledger, today = Ledger(control.runtime.store), date(2026, 2, 2)
        for number, (month, day, cost) in enumerate(((1, 31, "1.5"), (1, 31, "1.5"), (2, 1, "0.25"))):
            began = datetime(2026, month, day, 5, number, tzinfo=UTC).timestamp()
            event = SpendEvent(
                id=str(uuid_utils.uuid7(nanoseconds=int(began * 1e9))),
                started_at=began,
                ended_at=began + 1,
                call_type="acompletion",
                model="gpt-4o-mini",
                model_group="gpt-4o-mini",
                upstream_model="gpt-4o-mini",
                provider="openai",
                key_hash=made["token"],
                team_id="Team 1",
                usage=Usage(
                    input_tokens=2000,
                    output_tokens=5,
                    cache_read_tokens=1000 if number else 0,
                    cache_write_tokens=500 if number == 2 else 0,
                ),
                cost_usd=cost,
            )
            await ledger.write([row_of(msgspec.json.encode(event), today)])
        yield control


async def test_settings_are_kept_sealed_shown_masked_changed_and_forgotten(control: Any) -> None:
    empty = {"api_key_masked": None, "integration_token_masked": None, "base_url": None, "status": None}
    assert (await control.get("/vantage/settings")).json() == empty
    assert (await control.call("PUT", "/vantage/settings", {"base_url": "https://v"})).status == 404
    assert (await control.post("/vantage/init", {"api_key": KEY})).status == 422
    assert (await control.post("/vantage/init", {"api_key": " ", "integration_token": "t"})).status == 422
    wrong = {"api_key": KEY, "integration_token": "token", "base_url": "file:///etc/passwd"}
    assert (await control.post("/vantage/init", wrong)).status == 400

    made = await control.post("/vantage/init", {"api_key": KEY, "integration_token": "token"})
    assert made.json() == {"message": "Vantage settings initialized successfully", "status": "success"}
    assert (await control.call("PUT", "/vantage/settings", {})).status == 400
    assert (await control.call("PUT", "/vantage/settings", {"base_url": "https://v"})).status == 200

    assert (await control.get("/vantage/settings")).json() == {
        "api_key_masked": "sk-v" + "*" * (len(KEY) - 8) + "-key",
        "integration_token_masked": "*****",
        "base_url": "https://v",
        "status": "configured",
    }
    async with control.runtime.store.connection() as db:
        kept = await (await db.execute("SELECT said::text FROM charge_receivers")).fetchall()
        noted = await (
            await db.execute(
                "SELECT before::text || after::text FROM audit_log WHERE resource = 'charge_receiver'"
            )
        ).fetchall()
    assert kept and noted
    assert KEY not in str(kept) and KEY not in str(noted) and "enc:" not in str(noted)
    gone = await control.call("DELETE", "/vantage/delete")
    assert gone.json()["message"] == "Vantage settings deleted successfully"
    assert (await control.call("DELETE", "/vantage/delete")).status == 404


async def test_vantage_is_sent_focus_in_files_that_it_takes(
    control: Any, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await control.post("/vantage/export")).status == 404
    said = {"api_key": KEY, "integration_token": "to/ken", "base_url": elsewhere.url + "/"}
    await control.post("/vantage/init", said)
    monkeypatch.setattr(vantage, "MOST_ROWS", 1)

    answer = await control.post("/vantage/export", DAYS)

    assert answer.json()["message"] == "Vantage export completed successfully"
    assert answer.json()["records_exported"] == 2
    sent = [list(csv.DictReader(io.StringIO(body))) for _, _, body in elsewhere.asked]
    assert [[row["BilledCost"] for row in rows] for rows in sent] == [["0.25"], ["3.0"]]
    assert set(sent[0][0]) == set(vantage.COLUMNS)
    path, headers, _ = elsewhere.asked[0]
    assert path == "/v2/integrations/to/ken/costs.csv"
    assert headers["Authorization"] == f"Bearer {KEY}"
    elsewhere.asked.clear()
    assert (await control.post("/vantage/export", {"limit": 1})).status == 200
    assert len(elsewhere.asked) == 1
    assert (await control.post("/vantage/export", {"start_time_utc": DAYS["end_time_utc"]})).status == 400


async def test_what_is_not_taken_is_told_without_secrets(control: Any, elsewhere: Elsewhere) -> None:
    said = {"api_key": KEY, "integration_token": "hidden-token", "base_url": elsewhere.url}
    await control.post("/vantage/init", said)
    elsewhere.status, elsewhere.said = 403, {"error": f"no such key {KEY}"}

    refused = await control.post("/vantage/export")
    await control.call("PUT", "/vantage/settings", {"base_url": "http://127.0.0.1:9"})
    unreached = await control.post("/vantage/export")

    assert (refused.status, unreached.status) == (502, 502)
    assert "status 403" in refused.error["message"] and "cannot be reached" in unreached.error["message"]
    for answer in (refused, unreached):
        assert KEY.encode() not in answer.body and b"hidden-token" not in answer.body


async def test_a_dry_run_shows_what_would_be_sent(control: Any, elsewhere: Elsewhere) -> None:
    told = (await control.post("/vantage/dry-run", {"limit": 1})).json()
    whole = (await control.post("/cloudzero/dry-run")).json()

    assert told["summary"] == {
        "total_records": 1,
        "total_spend": 0.25,
        "total_tokens": 2005.0,
        "unique_teams": 1,
        "unique_models": 1,
    }
    assert told["dry_run_data"]["usage_data"][0]["date"] == "2026-02-01"
    assert told["dry_run_data"]["normalized_data"][0]["BilledCost"] == 0.25
    assert whole["summary"] == {
        "total_records": 2,
        "total_cost": 3.25,
        "total_tokens": 6015,
        "unique_accounts": 1,
        "unique_services": 1,
    }
    assert elsewhere.asked == []


async def test_cloudzero_is_sent_a_drop_for_each_day(control: Any, elsewhere: Elsewhere) -> None:
    said = {"api_key": "cz", "connection_id": "c-1", "base_url": elsewhere.url}
    await control.post("/cloudzero/init", said)

    answer = await control.post("/cloudzero/export", DAYS)
    wrong = await control.post("/cloudzero/export", {"operation": "erase"})

    assert answer.json()["records_exported"] == 2
    assert wrong.status == 400
    (path, headers, later), (_, _, earlier) = elsewhere.asked
    assert path == "/v2/connections/billing/anycost/c-1/billing_drops"
    assert headers["Authorization"] == "Bearer cz"
    assert (earlier["month"], earlier["operation"]) == ("2026-01", "replace_hourly")
    (record,) = later["data"]
    assert Decimal(record["cost/cost"]) == Decimal("0.25")
    known = {
        "time/usage_start": "2026-02-01T00:00:00Z",
        "resource/id": "czrn:litellm:openai:cross-region:team-1:llm-usage:gpt-4o-mini",
        "usage/amount": "2005",
        "resource/tag:api_key_alias": "alias",
        "action/operation": "Team 1",
        "lineitem/type": "Usage",
    }
    assert known.items() <= record.items()
    shown = (await control.get("/cloudzero/settings")).json()
    assert (shown["connection_id"], shown["timezone"], shown["api_key_masked"]) == ("c-1", "UTC", "**")


def bucket(day: int, *amounts: object) -> dict[str, Any]:
    start = datetime(2026, 1, day, tzinfo=UTC).timestamp()
    return {
        "start_time": int(start),
        "results": [{"amount": {"value": one, "currency": "usd"}} for one in amounts],
    }


async def test_the_ledger_stands_beside_the_bill(control: Any, elsewhere: Elsewhere) -> None:
    elsewhere.said = [
        {"data": [bucket(31, 3, "1")], "has_more": True, "next_page": "p2"},
        {"data": [bucket(31, 0.5)], "has_more": False},
    ]

    told = (await control.get(f"/spend/capture_rate?{SPAN}&project_ids=a&project_ids=b")).json()

    assert (told["captured_spend"], told["provider_spend"]) == (3.25, 4.5)
    assert told["days"][0]["capture_rate"] == 3 / 4.5
    assert told["days"][1] == {
        "date": "2026-02-01", "captured_spend": 0.25, "provider_spend": 0.0, "capture_rate": None
    }  # fmt: skip
    assert told["below_threshold"] is True
    (_, headers, first), (_, _, second) = elsewhere.asked
    assert headers["Authorization"] == "Bearer sk-admin"
    assert [value for name, value in first if name == "project_ids[]"] == ["a", "b"]
    assert dict(first)["start_time"] == str(int(datetime(2026, 1, 31, tzinfo=UTC).timestamp()))
    assert dict(second)["page"] == "p2"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, {"error": "no"}),
        (200, {"rows": []}),
        (200, {"data": [bucket(31, "NaN")]}),
        (200, {"data": [{"start_time": 10**30, "results": []}]}),
    ],
)
async def test_a_bill_that_cannot_be_read_is_said_to_be(
    control: Any, elsewhere: Elsewhere, status: int, said: Any
) -> None:
    elsewhere.status, elsewhere.said = status, said

    answer = await control.get(f"/spend/capture_rate?{SPAN}")

    assert answer.status == 502
    assert "Could not read the openai bill" in answer.error["message"]


async def test_a_bill_is_of_a_known_provider_and_a_bounded_span(control: Any) -> None:
    assert (await control.get(f"/spend/capture_rate?{SPAN}&provider=other")).status == 422
    assert (await control.get(f"/spend/capture_rate?{SPAN}&threshold=2")).status == 422
    long = "start_date=2026-01-01&end_date=2026-12-31"
    assert (await control.get(f"/spend/capture_rate?{long}")).status == 400


async def test_calls_with_cached_prompts_come_by_pages_with_what_that_saved(control: Any) -> None:
    path = f"/cost_optimization/prompt_caching/requests?{SPAN}&page_size=1"
    first = (await control.get(path)).json()
    behind = first["next_cursor"]
    cursor = f"&cursor_start_time={behind['start_time']}&cursor_request_id={behind['request_id']}"
    second = (await control.get(path + cursor)).json()

    (latest,), (hit,) = first["requests"], second["requests"]
    assert (latest["cache_read_tokens"], latest["cache_creation_tokens"]) == (1000, 500)
    assert (hit["cache_read_tokens"], hit["gateway_injected"], hit["spend"]) == (1000, False, 1.5)
    assert hit["net_savings"] == pytest.approx(1000 * (0.15e-6 - 0.075e-6))
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)
    assert (await control.get(f"{path}&filter=injected")).json()["requests"] == []
    assert (await control.get(f"{path}&filter=some")).status == 422
    assert (await control.get(f"{path}&cursor_request_id=x")).status == 400
