"""What was said in a call is told to the ledger only where the settings ask for it, and never too much."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tianji.domain.snapshot import Settings
from tianji_gateway.flow.kept import BOUND

ASKED = Settings(general={"store_prompts_in_spend_logs": True})


@pytest.mark.parametrize("stream", [False, True])
async def test_question_and_answer_are_kept_where_the_settings_say_so(gateway: Any, stream: bool) -> None:
    gateway.serve("gpt-4o-mini", settings=ASKED)
    async with gateway.chat(stream=stream) as answer:
        raw = await answer.read()

    kept = (await gateway.books.only()).bodies
    assert msgspec.json.decode(kept.asked) == [{"role": "user", "content": "Say hello."}]
    assert kept.answered == raw.decode()
    assert kept.cut is False


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(general={"store_prompts_in_spend_logs": True}, calls={"turn_off_message_logging": True}),
    ],
)
async def test_nothing_is_kept_else(gateway: Any, settings: Settings) -> None:
    gateway.serve("gpt-4o-mini", settings=settings)
    async with gateway.chat() as answer:
        assert answer.status == 200

    assert (await gateway.books.only()).bodies is None


async def test_only_the_beginning_of_what_is_long_is_kept(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", settings=ASKED)
    async with gateway.chat(messages=[{"role": "user", "content": "é" * BOUND}]) as answer:
        assert answer.status == 200

    kept = (await gateway.books.only()).bodies
    assert kept.cut is True
    assert BOUND - 4 <= len(kept.asked.encode()) <= BOUND
