"""What was said in a call is told to the ledger only where the settings ask for it, and never too much."""

from __future__ import annotations

import base64
import random
from typing import Any

import msgspec
import pytest

from tianji.domain.snapshot import Settings
from tianji_gateway.flow.kept import BOUND
from tianji_testkit.upstream import Reply

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


ENABLE, DISABLE = "litellm-enable-message-redaction", "litellm-disable-message-redaction"
REDACTED = Settings(general=ASKED.general, calls={"turn_off_message_logging": True})


@pytest.mark.parametrize(
    ("settings", "headers", "changes", "kept"),
    [
        (ASKED, {ENABLE: "true"}, {}, False),
        (ASKED, {f"x-{ENABLE}": "true"}, {}, False),
        (ASKED, {}, {"turn_off_message_logging": True}, False),
        (ASKED, {}, {"turn_off_message_logging": "true"}, False),
        (ASKED, {}, {"metadata": {"turn_off_message_logging": True}}, False),
        (ASKED, {ENABLE: "true"}, {"turn_off_message_logging": False}, True),
        (REDACTED, {}, {"turn_off_message_logging": False}, True),
        (REDACTED, {DISABLE: "true"}, {}, True),
        (REDACTED, {DISABLE: "false"}, {}, False),
        (Settings(), {DISABLE: "true"}, {"turn_off_message_logging": False}, False),
        (Settings(general={"store_prompts_in_spend_logs": "True"}), {}, {}, True),
    ],
)
async def test_a_request_says_for_itself_whether_it_may_be_read(
    gateway: Any, settings: Settings, headers: dict[str, str], changes: dict[str, Any], kept: bool
) -> None:
    gateway.serve("gpt-4o-mini", settings=settings)
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello."}], **changes}
    async with gateway.post("/v1/chat/completions", body, **headers) as answer:
        assert answer.status == 200

    assert ((await gateway.books.only()).bodies is not None) is kept
    assert "turn_off_message_logging" not in gateway.upstream.requests[0].json


async def test_words_behind_a_picture_are_kept(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", settings=ASKED)
    picture = "data:image/png;base64," + base64.b64encode(random.Random(3).randbytes(200_000)).decode()
    said = "What is this? " * 300
    content = [
        {"type": "image_url", "image_url": {"url": picture}},
        {"type": "text", "text": said},
    ]
    async with gateway.chat(messages=[{"role": "user", "content": content}]) as answer:
        assert answer.status == 200

    kept = (await gateway.books.only()).bodies
    ((shown, words),) = (message["content"] for message in msgspec.json.decode(kept.asked))
    assert shown["image_url"]["url"] == f"{picture[:64]}... ({len(picture)} bytes)"
    assert words["text"] == said
    assert kept.cut is True


async def test_an_answer_in_one_piece_that_is_too_long_is_marked(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", settings=ASKED)
    gateway.upstream.will(Reply(text="x" * BOUND))
    async with gateway.chat() as answer:
        assert answer.status == 200

    kept = (await gateway.books.only()).bodies
    assert len(kept.answered) == BOUND
    assert kept.cut is True


async def test_only_the_beginning_of_what_is_long_is_kept(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", settings=ASKED)
    async with gateway.chat(messages=[{"role": "user", "content": "é" * BOUND}]) as answer:
        assert answer.status == 200

    kept = (await gateway.books.only()).bodies
    assert kept.cut is True
    assert BOUND - 4 <= len(kept.asked.encode()) <= BOUND
