"""Limits of a day, of input, and of priorities, over two gateways: from the config and the admin API."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tianji_testkit.system import System
from tianji_testkit.upstream import FakeUpstream, Reply

CONFIG = """
litellm_settings:
  callbacks: [dynamic_rate_limiter_v3]
  priority_reservation: {{prod: 0.6, dev: 0.1}}
  priority_reservation_settings: {{default_priority: 0.2, saturation_threshold: 0.5}}
general_settings:
  tpd_limit_counts: calls
router_settings:
  optional_pre_call_checks: [enforce_model_rate_limits]
model_list:
  - model_name: shared
    litellm_params: &provider
      model: openai/gpt-4o-mini
      api_base: {root}/v1
      api_key: sk-provider-openai
      rpm: 60
  - model_name: daily
    litellm_params: {{<<: *provider, rpm: 1000, rpd: 20, daily_reset_time: "08:30"}}
  - model_name: free
    litellm_params: {{<<: *provider, rpm: 1000}}
"""
Said = tuple[int, dict[str, str], Any]


@pytest.mark.asyncio
async def test_gateways_keep_shared_limits_together(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream, aiohttp.ClientSession() as http:
        upstream.usual = Reply(text="one two three four five")
        with System(tmp_path, CONFIG.format(root=upstream.root), gateways=2) as system:

            async def call(path: str, body: Any, key: str = system.master_key, at: int = 0) -> Said:
                headers = {"authorization": f"Bearer {key}"}
                url = system.gateway_urls[at % 2] + path
                async with http.post(url, json=body, headers=headers) as answer:
                    return answer.status, dict(answer.headers), await answer.json()

            async def new(path: str, field: str, **terms: Any) -> str:
                status, _, made = await call(path, terms)
                assert status == 200, made
                return str(made[field])

            async def chats(times: int, key: str, model: str, text: str = "x") -> list[Said]:
                body = {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 5}
                some = [call("/v1/chat/completions", body, key, at) for at in range(times)]
                return await asyncio.gather(*some)

            await asyncio.sleep(6)  # a Redis that is just new waits for what gateways hold of it
            dev = await new("/key/generate", "key", metadata={"priority": "dev"})
            prod = await new("/key/generate", "key", metadata={"priority": "prod"})
            borrowed = statuses(await chats(60, dev, "shared"))
            assert 27 <= borrowed[200] <= 30 and borrowed[200] + borrowed[429] == 60
            kept: Counter[int] = Counter()
            for _ in range(3):
                kept += statuses(await chats(30, prod, "shared"))
                await asyncio.sleep(1.5)  # what a gateway holds for one priority and does not use comes back
            assert 27 <= kept[200] <= 60 - borrowed[200] and kept[200] + kept[429] == 90

            assert 18 <= statuses(await chats(40, prod, "daily"))[200] <= 20

            capped = await new("/key/generate", "key", tpd_limit=2000)
            told = await chats(1, capped, "free")
            assert told[0][1]["x-ratelimit-limit-tokens-per-day"] == "2000"
            [refused] = await chats(1, capped, "free", "many words " * 3000)
            assert refused[0] == 429 and refused[1]["rate_limit_type"] == "tokens_per_day"

            team = await new("/team/new", "team_id")
            limits = {"model_itpm_limit": {"free": 100}, "model_otpm_limit": {"free": 5000}}
            project = await new("/project/new", "project_id", team_id=team, **limits)
            member = await new("/key/generate", "key", team_id=team, project_id=project)
            [served] = await chats(1, member, "free")
            assert served[0] == 200 and served[1]["x-ratelimit-limit-input-tokens"] == "100"
            [refused] = await chats(1, member, "free", "many words " * 300)
            assert refused[0] == 429 and refused[1]["rate_limit_type"] == "input_tokens"
        assert "is not supported yet" not in system.log.read_text()


def statuses(said: list[Said]) -> Counter[int]:
    return Counter(status for status, _, _ in said)
