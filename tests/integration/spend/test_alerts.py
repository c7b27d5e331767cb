"""What people are told of budgets: what the worker finds in the ledger, and how it gets there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from psycopg.types.json import Jsonb

from tianji.domain.events import Charge, Refused
from tianji.domain.sealed import Sealer
from tianji.settings import Secret
from tianji_testkit.receiver import Receiver
from tianji_worker.alerts.forget import forget
from tianji_worker.runtime import Runtime, running
from tianji_worker.settings import WorkerSettings

SALT = "salt for tests"
NANO = 1_000_000_000


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


def worker(books: Any, **more: Any) -> AbstractAsyncContextManager[Runtime]:
    given = {"database_url": books.database_url, "nats_url": books.nats_url, "salt_key": Secret(SALT)}
    return running(WorkerSettings(drain_seconds=5, **(given | more)))


async def settings(books: Any, general: dict[str, Any], **columns: Any) -> None:
    """Write the settings that are in force."""
    values = {"environment": {}, "secrets": {}} | columns
    await books.db.execute(
        "INSERT INTO settings (id, general, environment, secrets) VALUES ('global', %s, %s, %s)"
        " ON CONFLICT (id) DO UPDATE SET general = excluded.general, environment = excluded.environment,"
        " secrets = excluded.secrets",
        [Jsonb(general), Jsonb(values["environment"]), Jsonb(values["secrets"])],
    )


async def a_key(books: Any, hash: str, most: str | None, soft: str | None = None) -> None:
    await books.db.execute(
        "INSERT INTO keys (hash, name, alias, user_id, max_budget, soft_budget)"
        " VALUES (%s, 'sk-...', %s, 'ann', %s, %s)",
        [hash, f"the {hash}", most, soft],
    )


def webhook(receiver: Receiver) -> dict[str, Any]:
    return {"webhook_url": Secret(f"{receiver.root}/hook")}


def events_of(posted: list[Any]) -> list[tuple[str, str]]:
    return sorted((one.json["event"], one.json["key_alias"] or one.json["event_group"]) for one in posted)


async def quiet(receiver: Receiver, count: int) -> None:
    """Wait for as long as something would take that must not come."""
    await asyncio.sleep(2.5)
    assert len(receiver.posts) == count, [one.json for one in receiver.posts]


async def test_each_amount_of_a_budget_is_told_once_in_a_window(books, event, receiver):
    await settings(books, {"alerting": ["webhook"]})
    await a_key(books, "k", "10", "5")

    def call(usd: str, window: str = "all") -> Any:
        return event(cost_usd=usd, key_hash="k", charges=[Charge("key:k", window)])

    async with worker(books, **webhook(receiver)), worker(books, **webhook(receiver)):
        for told, costs in enumerate((("4.9", "0.1"), ("3.5",), ("0.1", "0.8", "0.1"), ("0.4", "0.1"))):
            await books.publish(*map(call, costs))
            await receiver.until(told + 1)
        again = "1d:20261121T000000Z"
        await books.publish(call("6", again))
        posted = await receiver.until(5)
        await quiet(receiver, 5)

    assert [(one.json["event"], one.json["spend"]) for one in posted] == [
        ("soft_budget_crossed", 5.0),
        ("threshold_crossed", 8.5),
        ("threshold_crossed", 9.5),
        ("budget_crossed", 10.0),
        ("soft_budget_crossed", 6.0),
    ]
    first = posted[0].json
    assert first.pop("event_message").startswith("Key Budget: Soft Budget Crossed, 5.0 of 5.0 USD spent")
    assert {name: value for name, value in first.items() if value is not None} == {
        "spend": 5.0, "max_budget": 10.0, "soft_budget": 5.0, "token": "k", "user_id": "ann",
        "key_alias": "the k", "event_group": "key", "event": "soft_budget_crossed",
    }  # fmt: skip
    assert posted[0].headers["content-type"] == "application/json"
    assert {"customer_id", "team_id", "projected_spend", "alert_emails"} <= first.keys()


async def test_a_refusal_is_told_once_and_a_raised_budget_is_another(books, event, receiver):
    await settings(books, {"alerting": ["webhook"]})
    await a_key(books, "k", "10")

    def refused(limit: int) -> Any:
        told = Refused("key:k", "all", limit * NANO, 3 * NANO)
        return event(cost_usd="0", status="failure", key_hash="k", refused=told)

    async with worker(books, **webhook(receiver)):
        await books.publish(*[refused(10) for _ in range(50)])
        await receiver.until(1)
        await books.publish(refused(10), refused(20))
        posted = await receiver.until(2)
        await quiet(receiver, 2)

    assert [(one.json["event"], one.json["spend"], one.json["max_budget"]) for one in posted] == [
        ("budget_crossed", 3.0, 10.0),
        ("budget_crossed", 3.0, 20.0),
    ]


async def test_every_level_is_told_by_its_names(books, event, receiver):
    await settings(books, {"alerting": ["webhook"], "alert_types": ["budget_alerts"]})
    for statement in (
        "INSERT INTO budgets (budget_id, max_budget) VALUES ('b', 1)",
        "INSERT INTO organizations (organization_id, max_budget) VALUES ('o', 1)",
        "INSERT INTO users (user_id, email, max_budget) VALUES ('a:b', 'a@example.org', 1)",
        "INSERT INTO teams (team_id, alias, organization_id, max_budget, extra)"
        " VALUES ('t', 'the team', 'o', 1, '{\"team_member_budget\": 1}')",
        "INSERT INTO team_members (team_id, user_id) VALUES ('t', 'a:b')",
        "INSERT INTO organization_members (organization_id, user_id, role, budget_id)"
        " VALUES ('o', 'a:b', 'org_member', 'b')",
        "INSERT INTO projects (project_id, team_id, budget_id) VALUES ('p', 't', 'b')",
        "INSERT INTO customers (user_id, budget_id) VALUES ('c', 'b')",
        "INSERT INTO tags (name, budget_id) VALUES ('g', 'b')",
        "INSERT INTO configured_budgets (bound, terms) VALUES ('proxy', '{\"max_budget\": \"1\"}'),"
        " ('provider:x', '{\"max_budget\": \"1\"}'), ('deployment:d', '{\"max_budget\": \"1\"}')",
    ):
        await books.db.execute(statement)
    bounds = (
        *("organization:o", "user:a:b", "team:t", "member:t:a:b", "orgmember:o:a:b", "project:p"),
        *("customer:c", "tag:g", "proxy", "provider:x", "deployment:d"),
    )
    async with worker(books, **webhook(receiver)):
        charges = [Charge(bound, "all") for bound in bounds]
        await books.publish(event(cost_usd="0.9", charges=[*charges, Charge("odd:one", "all")]))
        posted = await receiver.until(len(bounds))
        await quiet(receiver, len(bounds))

    told = {one.json["event_group"]: one.json for one in posted}
    assert {one["event"] for one in told.values()} == {"threshold_crossed"}
    assert told.keys() == {
        *("organization", "user", "team", "team_member", "organization_member", "project", "end_user", "tag"),
        *("proxy", "provider", "deployment"),
    }
    member = told["team_member"]
    assert (member["team_alias"], member["user_id"], member["user_email"]) == (
        "the team",
        "a:b",
        "a@example.org",
    )
    assert told["end_user"]["customer_id"] == "c"
    assert told["organization_member"]["organization_id"] == "o"


async def test_an_alert_is_sent_again_until_it_is_taken(books, event, receiver, caplog):
    addresses = {"budget_alerts": [f"{receiver.root}/one/secret-a", f"{receiver.root}/two/secret-b"]}
    sealer = Sealer(SALT)
    await settings(
        books,
        {"alerting": ["slack", "webhook"]},
        environment={"WEBHOOK_URL": sealer.seal(f"{receiver.root}/hook/secret-c")},
        secrets={"alert_to_webhook_url": sealer.seal_value(addresses)},
    )
    await books.db.execute("INSERT INTO teams (team_id, alias, max_budget) VALUES ('t', '<!channel> `x`', 1)")
    receiver.will(500, 429, 302, 503)
    with caplog.at_level(logging.DEBUG):
        async with worker(books):
            await books.publish(event(cost_usd="1", charges=[Charge("team:t", "all")]))
            posted = await receiver.until(3)
            await quiet(receiver, 3)

    assert receiver.refused == 4
    assert sorted(one.path for one in posted) == ["/hook/secret-c", "/one/secret-a", "/two/secret-b"]
    text = next(one.json["text"] for one in posted if one.path.startswith("/one"))
    assert "Alert type: `budget_alerts`" in text and "Team Budget: Budget Crossed" in text
    assert "<!channel>" not in text and "&lt;!channel&gt; 'x'" in text
    assert "could not be sent" in caplog.text
    assert "secret-" not in caplog.text


async def test_a_receiver_that_is_away_holds_up_neither_ledger_nor_other_receivers(books, event, receiver):
    await settings(books, {"alerting": ["slack", "webhook"]})
    await a_key(books, "k", "1")
    gone = {"slack_webhook_url": Secret("http://127.0.0.1:9/nobody")}
    async with worker(books, **webhook(receiver), **gone):
        await books.publish(event(cost_usd="1", charges=[Charge("key:k", "all")]))
        await receiver.until(1)
        await books.publish(*[event(number) for number in range(20)])
        await books.until_rows(21)
        found = await books.ask("SELECT target, sent_at IS NULL, fault FROM alert_deliveries ORDER BY target")

    assert [(target.partition(":")[0], unsent) for target, unsent, _ in found] == [
        ("slack", True),
        ("webhook", False),
    ]
    assert "127.0.0.1" not in str(found)


async def test_what_a_worker_that_died_had_not_looked_at_is_told_by_the_next(books, event, receiver):
    await settings(books, {})
    await a_key(books, "k", "1")
    told = Refused("key:k", "all", NANO, 0)
    async with worker(books, **webhook(receiver)):
        await books.publish(event(cost_usd="1", charges=[Charge("key:k", "all")], refused=told))
        await books.until_rows(1)
        await quiet(receiver, 0)
    await settings(books, {"alerting": ["webhook"], "alert_types": ["llm_exceptions"]})
    async with worker(books, **webhook(receiver)):
        await quiet(receiver, 0)
        await settings(books, {"alerting": ["webhook"]})
        posted = await receiver.until(1)
    async with worker(books, **webhook(receiver)):
        await quiet(receiver, 1)

    assert events_of(posted) == [("budget_crossed", "the k")]
    assert msgspec.json.encode(posted[0].json["spend"]) == b"1.0"


async def test_what_was_told_long_ago_is_forgotten_unless_its_window_has_no_end(books, event, receiver):
    await settings(books, {"alerting": ["webhook"]})
    await a_key(books, "k", "1")
    old = "1d:20200101T000000Z"
    async with worker(books, **webhook(receiver)) as runtime:
        charges = [Charge("key:k", "all"), Charge("key:k", old)]
        await books.publish(event(cost_usd="1", charges=charges))
        await receiver.until(2)
        async with asyncio.timeout(30):
            while await books.ask("SELECT FROM alert_deliveries WHERE sent_at IS NULL"):  # noqa: ASYNC110  Postgres does not tell
                await asyncio.sleep(0.1)
        await books.db.execute("UPDATE alert_deliveries SET sent_at = NULL")
        async with runtime.store.transaction() as db:
            assert await forget(db, datetime.now(UTC) + timedelta(days=1)) == 0
            assert await forget(db, datetime.now(UTC) + timedelta(days=401)) == 1

    assert await books.ask("SELECT window_id FROM budget_alerts") == [("all",)]
    assert await books.ask("SELECT given_up_at IS NOT NULL FROM alert_deliveries") == [(True,)]


async def test_customers_without_a_budget_are_told_of_by_the_one_of_all(books, event, receiver):
    calls = Jsonb({"max_end_user_budget": 0.5})
    await settings(books, {"alerting": ["webhook"]})
    await books.db.execute("UPDATE settings SET calls = %s", [calls])
    async with worker(books, **webhook(receiver)):
        await books.publish(event(cost_usd="0.5", charges=[Charge("customer:somebody", "all")]))
        [posted] = await receiver.until(1)

    told = posted.json
    assert (told["event"], told["customer_id"], told["max_budget"]) == ("budget_crossed", "somebody", 0.5)
