"""One running system per test file, in front of a provider that the test scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tianji_testkit.system import System
from tianji_testkit.upstream import FakeUpstream

CONFIG = """
litellm_settings:
  num_retries: 0
model_list:
  - model_name: gpt
    litellm_params:
      model: openai/gpt-4o-mini
      api_base: {root}/v1
      api_key: sk-provider-openai
  - model_name: claude
    litellm_params:
      model: anthropic/claude-haiku-4-5
      api_base: {root}
      api_key: sk-provider-anthropic
  - model_name: az
    tianji_params:
      model: azure/my-deployment
      api_base: {root}
      api_key: sk-provider-azure
      api_version: 2025-03-01-preview
      base_model: azure/gpt-4o-mini
"""


@dataclass
class Door:
    """The public door of a running system, and the provider behind it."""

    system: System
    upstream: FakeUpstream
    http: aiohttp.ClientSession
    master_key: str

    @property
    def url(self) -> str:
        """Return the gateway's URL."""
        return self.system.url

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, base: str | None = None
    ) -> tuple[int, Any]:
        """Return status and JSON (or text) of one call, as the admin when no key is given."""
        headers = {"authorization": f"Bearer {key or self.master_key}"}
        async with self.http.request(method, (base or self.url) + path, json=body, headers=headers) as answer:
            if answer.content_type == "application/json":
                return answer.status, await answer.json()
            return answer.status, await answer.text()

    async def chat(self, model: str = "gpt", *, key: str | None = None, base: str | None = None) -> int:
        """Make one chat call and return its status."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
        status, _ = await self.call("POST", "/v1/chat/completions", body, key=key, base=base)
        return status

    async def new_key(self, **fields: Any) -> str:
        """Make a virtual key."""
        status, made = await self.call("POST", "/key/generate", fields)
        assert status == 200, made
        return str(made["key"])


@pytest.fixture(scope="module")
def gateways() -> int:
    """Return how many gateways the file's system has; a file may override it."""
    return 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory, gateways: int) -> AsyncIterator[Door]:
    """Start the whole system once for a test file."""
    folder: Path = tmp_path_factory.mktemp("system")
    async with FakeUpstream() as upstream, aiohttp.ClientSession() as http:
        system = System(folder, CONFIG.format(root=upstream.root), gateways=gateways)
        with system:
            yield Door(system, upstream, http, system.master_key)


@pytest.fixture(autouse=True)
def no_reply_is_left_over(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep one test's scripted replies from answering the next test."""
    yield
    if "door" in request.fixturenames:
        request.getfixturevalue("door").upstream.forget()
