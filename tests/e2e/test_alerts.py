"""Budgets that calls pass are told to a webhook and to Slack, through the whole system."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tianji.domain.keys import hash_of
from tianji_testkit.mailbox import Mailbox
from tianji_testkit.priced import PRICED_MODEL
from tianji_testkit.receiver import Receiver
from tianji_testkit.system import System
from tianji_testkit.upstream import FakeUpstream, Reply

CONFIG = (
    """
general_settings:
  alerting: [slack, webhook, email]
  alert_types: [budget_alerts]
environment_variables:
  SLACK_WEBHOOK_URL: {hook}/slack/secret-part
  WEBHOOK_URL: {hook}/webhook/secret-part
  SMTP_HOST: 127.0.0.1
  SMTP_PORT: "{mail}"
  SMTP_SENDER_EMAIL: proxy@example.org
  SMTP_USERNAME: proxy
  SMTP_PASSWORD: secret-part
  SMTP_TLS: "False"
"""
    + PRICED_MODEL
)


@pytest.mark.asyncio
async def test_budgets_that_calls_pass_are_told_once_to_each_channel(tmp_path: Path) -> None:
    async with (
        Receiver() as receiver,
        Mailbox("secret-part") as mailbox,
        FakeUpstream() as upstream,
        aiohttp.ClientSession() as http,
    ):
        upstream.usual = Reply(text="one two three four five")
        receiver.will(503, 500)
        config = CONFIG.format(root=upstream.root, hook=receiver.root, mail=mailbox.port)
        with System(tmp_path, config, gateways=2) as system:
            master = system.master_key

            async def call(
                path: str, body: Any, key: str = master, base: str = system.url
            ) -> tuple[int, Any]:
                headers = {"authorization": f"Bearer {key}"}
                async with http.post(base + path, json=body, headers=headers) as answer:
                    return answer.status, await answer.json()

            async def spend(times: int, value: str = "", **terms: Any) -> list[int]:
                _, made = await call("/key/generate", terms)
                if value:
                    _, made = await call("/key/regenerate", {"key": made["key"], "new_key": value})
                body = {"model": "gpt", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5}
                statuses: list[int] = []
                while len(statuses) < times:
                    base = system.gateway_urls[len(statuses) % 2]
                    status, _ = await call("/v1/chat/completions", body, made["key"], base)
                    if status == 503:  # what a new value's budget was charged is not known to a new Redis
                        await asyncio.sleep(0.5)
                    else:
                        statuses.append(status)
                return statuses

            assert await spend(2, key_alias="soft", soft_budget=0.009) == [200, 200]
            assert await spend(1, "sk-near-anew", key_alias="near", max_budget=0.0055) == [200]
            await call("/user/new", {"user_id": "ann", "user_email": "ann@example.org"})
            assert await spend(3, key_alias="full", max_budget=0.01, user_id="ann") == [200, 200, 422]
            assert await spend(2, key_alias="none", max_budget=0) == [422, 422]
            posted = await receiver.until(8)
            [letter] = await mailbox.until(1)

        hooks = [one.json for one in posted if one.path.startswith("/webhook/")]
        assert sorted((one["key_alias"], one["event"], one["event_group"]) for one in hooks) == [
            ("full", "budget_crossed", "key"),
            ("near", "threshold_crossed", "key"),
            ("none", "budget_crossed", "key"),
            ("soft", "soft_budget_crossed", "key"),
        ]
        spent = {one["key_alias"]: (one["spend"], one["max_budget"], one["soft_budget"]) for one in hooks}
        assert spent["soft"] == (0.01, None, 0.009) and spent["near"] == (0.005, 0.0055, None)
        assert {one["token"] for one in hooks if one["key_alias"] == "near"} == {hash_of("sk-near-anew")}
        assert (letter.to, letter.message["subject"].strip().partition(",")[0]) == (
            "ann@example.org",
            "Key Budget: Budget Crossed",
        )
        slack = [one.json["text"] for one in posted if one.path.startswith("/slack/")]
        assert len(slack) == 4 and all("budget_alerts" in text for text in slack)
        assert len(posted) == 8 and receiver.refused == 2
        assert "secret-part" not in system.log.read_text()
