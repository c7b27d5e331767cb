"""Budgets that are told of by e-mail, and which amounts are told of beside a holder's own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tianji.domain.events import Charge
from tianji.domain.sealed import Sealer
from tianji.settings import Secret
from tianji_testkit.mailbox import Mailbox
from tianji_testkit.receiver import Receiver
from tianji_worker.runtime import running
from tianji_worker.settings import WorkerSettings

SALT = "salt for tests"
PASSWORD = "word-that-nobody-may-see"


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with Mailbox(PASSWORD) as mailbox:
        yield mailbox


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


def worker(books: Any, **more: Any) -> Any:
    given = {"database_url": books.database_url, "nats_url": books.nats_url, "salt_key": Secret(SALT)}
    return running(WorkerSettings(drain_seconds=5, **(given | more)))


def by_mail(mailbox: Mailbox, **more: str) -> dict[str, str]:
    """Return the variables that name the mail server."""
    said = {
        "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mailbox.port), "SMTP_USERNAME": "proxy",
        "SMTP_PASSWORD": PASSWORD, "SMTP_SENDER_EMAIL": "proxy@example.org", "SMTP_TLS": "False",
    }  # fmt: skip
    return said | more


async def settings(books: Any, general: Any, variables: dict[str, str], calls: Any = None) -> None:
    sealer = Sealer(SALT)
    environment = {name: sealer.seal(value) for name, value in variables.items()}
    await books.db.execute(
        "INSERT INTO settings (id, general, environment, calls) VALUES ('global', %s, %s, %s)",
        [Jsonb(general), Jsonb(environment), Jsonb(calls or {})],
    )


async def people(books: Any) -> None:
    for statement in (
        "INSERT INTO users (user_id, email) VALUES ('ann', 'ann@example.org'), ('bob', 'bob@example.org')",
        "INSERT INTO teams (team_id, alias, max_budget, soft_budget, metadata)"
        " VALUES ('t', 'Team\nBcc: x@y.z',"
        ' 10, 4, \'{"soft_budget_alerting_emails": ["lead@example.org"]}\')',
        "INSERT INTO team_members (team_id, user_id) VALUES ('t', 'ann'), ('t', 'bob')",
    ):
        await books.db.execute(statement)


async def a_key(books: Any, hash: str, metadata: Any = None, extra: Any = None, **columns: Any) -> None:
    given = {"max_budget": None, "soft_budget": None, "model_max_budget": {}} | columns
    await books.db.execute(
        "INSERT INTO keys (hash, name, alias, user_id, max_budget, soft_budget, model_max_budget, metadata,"
        " extra) VALUES (%s, 'sk-...', %s, 'ann', %s, %s, %s, %s, %s)",
        [
            *(hash, hash, given["max_budget"], given["soft_budget"], Jsonb(given["model_max_budget"])),
            *(Jsonb(metadata or {}), Jsonb(extra or {})),
        ],
    )


def told(mailbox: Mailbox) -> list[tuple[str, str]]:
    return sorted((one.to, str(one.message["subject"]).partition(",")[0]) for one in mailbox.letters)


async def test_holders_and_who_is_named_get_letters_once_and_no_secret_is_told(books, event, mailbox, caplog):
    await people(books)
    await settings(books, {"alerting": ["email"]}, by_mail(mailbox))
    lists = {"max_budget_alert_emails": {"50": ["half@example.org"], "80": "a@x.org, b@x.org"}}
    await a_key(books, "k", lists, max_budget=10)
    mailbox.full = True
    with caplog.at_level(logging.DEBUG):
        async with worker(books), worker(books):
            charges = [Charge("key:k", "all"), Charge("team:t", "all")]
            await books.publish(event(cost_usd="5", charges=charges))
            async with asyncio.timeout(30):
                while "could not be sent" not in caplog.text:  # noqa: ASYNC110  the log does not tell
                    await asyncio.sleep(0.1)
            mailbox.full = False
            await mailbox.until(3)
            await books.publish(event(cost_usd="5", charges=charges))
            await mailbox.until(9)
            await asyncio.sleep(2)

    half, share = "Key Budget: 50% or more spent", "Key Budget: 80% or more spent"
    full, team = "Key Budget: Budget Crossed", "Team Budget: Budget Crossed"
    assert told(mailbox) == sorted(
        [
            *(("half@example.org", half), ("ann@example.org", half)),
            ("lead@example.org", "Team Budget: Soft Budget Crossed"),
            *(("a@x.org", share), ("b@x.org", share), ("ann@example.org", share), ("ann@example.org", full)),
            *(("ann@example.org", team), ("bob@example.org", team)),
        ]
    )
    letter = mailbox.letters[0].message
    assert letter["from"] == "proxy@example.org" and "spend: 5.0" in letter.get_content()
    assert not any("x@y.z" in said for said in mailbox.said)
    assert PASSWORD not in caplog.text and "@x.org" not in caplog.text


async def test_without_the_channel_only_those_a_team_names_get_letters(books, event, mailbox):
    await people(books)
    await settings(books, {}, by_mail(mailbox))
    async with worker(books):
        await books.publish(event(cost_usd="10", charges=[Charge("team:t", "all")]))
        await mailbox.until(1)
        await asyncio.sleep(2)
    assert told(mailbox) == [("lead@example.org", "Team Budget: Soft Budget Crossed")]


async def test_a_mail_server_without_tls_gets_neither_password_nor_letter(books, event, mailbox, receiver):
    await people(books)
    await settings(books, {"alerting": ["email", "webhook"]}, by_mail(mailbox, SMTP_TLS="True"))
    async with worker(books, webhook_url=Secret(f"{receiver.root}/hook")):
        await books.publish(event(cost_usd="10", charges=[Charge("team:t", "all")]))
        await receiver.until(2)
        async with asyncio.timeout(30):
            while not await books.ask("SELECT FROM alert_deliveries WHERE fault IS NOT NULL"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    assert mailbox.letters == [] and not any(line.startswith("AUTH") for line in mailbox.said)
    assert [one.json["alert_emails"] for one in receiver.posts if "soft" in one.json["event"]] == [
        ["lead@example.org"]
    ]


async def test_windows_models_and_raised_budgets_are_told_of_by_their_own_amounts(books, event, receiver):
    await people(books)
    await settings(books, {"alerting": ["webhook"]}, {})
    windows = [{"budget_duration": "1d", "max_budget": 1}, {"max_budget": 20}]
    models = {"gpt": 2, "o:1": {"budget_limit": 2, "time_period": "1d"}}
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    raised = {"temp_budget_increase": 10, "temp_budget_expiry": soon}
    await a_key(books, "w", extra={"budget_limits": windows}, model_max_budget=models)
    await a_key(books, "r", raised, max_budget=1)
    bounds = ("key:w@1d", "key:w@all", "key_model:w:gpt", "key_model:w:o:1", "key:r")
    async with worker(books, webhook_url=Secret(f"{receiver.root}/hook")):
        await books.publish(event(cost_usd="1.8", charges=[Charge(bound, "all") for bound in bounds]))
        posted = await receiver.until(3)
        await asyncio.sleep(2)
        assert len(posted) == 3
        await books.publish(event(cost_usd="8", charges=[Charge("key:r", "all")]))
        await receiver.until(4)
    amounts = [(one.json["event"], one.json["spend"], one.json["max_budget"]) for one in receiver.posts]
    assert sorted(amounts) == [
        ("budget_crossed", 1.8, 1.0),
        ("threshold_crossed", 1.8, 2.0),
        ("threshold_crossed", 1.8, 2.0),
        ("threshold_crossed", 9.8, 11.0),
    ]


async def test_a_soft_budget_that_will_be_passed_is_told_of_once_before(books, event, receiver):
    await people(books)
    await settings(books, {"alerting": ["webhook"]}, {})
    await a_key(books, "p", soft_budget=10)
    begun = datetime.now(UTC) - timedelta(hours=12)
    window = f"1d:{begun:%Y%m%dT%H%M%SZ}"
    async with worker(books, webhook_url=Secret(f"{receiver.root}/hook")):
        for cost in ("4", "4", "0.5", "2"):
            await books.publish(event(cost_usd=cost, charges=[Charge("key:p", window)]))
            await asyncio.sleep(1.5)
        posted = [one.json for one in await receiver.until(2)]
        await asyncio.sleep(1)
        assert len(receiver.posts) == 2
    assert [one["event"] for one in posted] == ["projected_limit_exceeded", "soft_budget_crossed"]
    first = posted[0]
    assert first["projected_spend"] == pytest.approx(16, rel=0.01)
    passes = begun + timedelta(hours=24 * 10 / 16)
    assert first["projected_exceeded_date"] in {
        (passes + timedelta(minutes=apart)).date().isoformat() for apart in (-15, 0, 15)
    }
