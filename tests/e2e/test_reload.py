"""An edited file changes routing on running gateways without a dropped request."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANGES = 20


@pytest.fixture(scope="module")
def gateways() -> int:
    return 2


async def test_twenty_changes_under_load_fail_no_request(door: Any) -> None:
    running = True
    statuses: list[int] = []

    async def load(base: str) -> None:
        while running:
            statuses.append(await door.chat(base=base))

    async with asyncio.TaskGroup() as group:
        for base in door.system.gateway_urls * 4:
            group.create_task(load(base))
        for number in range(CHANGES):
            await _change(door, f"extra-{number}", by_signal=number % 2 == 0)
        running = False

    assert len(statuses) > CHANGES
    assert set(statuses) == {200}


async def test_a_broken_file_is_refused_and_the_old_one_goes_on(door: Any) -> None:
    good = door.system.config_file.read_text()
    door.system.config_file.write_text(good + "\n  - model_name: [broken\n")

    done = await asyncio.to_thread(door.system.tianji, "reload")

    assert done.returncode != 0
    assert "proxy_config.yaml" in done.stderr + done.stdout
    assert await door.chat() == 200
    door.system.config_file.write_text(good)
    assert (await asyncio.to_thread(door.system.tianji, "reload")).returncode == 0


async def _change(door: Any, name: str, *, by_signal: bool) -> None:
    """Add a model to the file, reload, and wait until every gateway serves it."""
    with door.system.config_file.open("a") as file:
        file.write(
            f"  - model_name: {name}\n    litellm_params:\n      model: openai/x\n"
            f"      api_base: {door.upstream.api_base}\n      api_key: sk-x\n"
        )
    if by_signal:
        door.system.send(signal.SIGHUP)
    else:
        done = await asyncio.to_thread(door.system.tianji, "reload")
        assert done.returncode == 0, done.stderr
        assert [await door.chat(name, base=base) for base in door.system.gateway_urls] == [200, 200]
        return
    async with asyncio.timeout(30):
        for base in door.system.gateway_urls:
            while await door.chat(name, base=base) != 200:  # noqa: ASYNC110 - no event says it
                await asyncio.sleep(0.02)
