from __future__ import annotations

import asyncio
import time

import pytest

from tianji.tokens import count
from tianji.tokens.count import Counter
from tianji.wire.neutral import (
    Ask,
    Image,
    NativeTool,
    Reasoning,
    Shape,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)


@pytest.fixture(scope="module")
def counter():
    return Counter()


def ask(*turns: Turn, **fields: object) -> Ask:
    return Ask(model="gpt-4o", turns=list(turns), **fields)


def says(text: str, **fields: object) -> Turn:
    return Turn(role="user", blocks=[Text(text)], **fields)


@pytest.mark.parametrize(
    ("text", "model", "tokens"),
    [("", "gpt-4o", 0), ("hello world", "gpt-4o", 2), ("hello world", "gpt-4", 2), ("漢字", "gpt-4o", 2)],
)
async def test_a_text_is_counted(counter, text, model, tokens):
    assert await counter.count_text(text, model) == tokens
    assert counter.count_text_now(text, model) == tokens


async def test_a_conversation_counts_three_a_message_and_three_for_the_answer(counter):
    asked = ask(says("hello world"), says("hello", name="ann"))

    # 3 + 2, 3 + 1 and one token each for text and name, 3
    assert await counter.count_messages(asked) == 5 + 4 + 2 + 3
    assert counter.count_messages_now(asked) == 14


async def test_an_empty_request_counts_nothing(counter):
    assert await counter.count_messages(ask()) == 0


async def test_the_model_at_the_provider_chooses_the_vocabulary(counter):
    text = "Übergrößenträger für Straßenbahnschienen"
    asked = ask(says(text))
    asked.model = "our-name"

    assert await counter.count_messages(asked, "gpt-4") == counter.count_text_now(text, "gpt-4") + 6
    assert counter.count_text_now(text, "gpt-4") != counter.count_text_now(text, "gpt-4o")


async def test_tools_and_the_wanted_shape_count_as_their_json(counter):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    asked = ask(
        says("hi"),
        tools=[Tool("weather", "Tell the weather", schema), NativeTool("anthropic", {"type": "web_search"})],
        shape=Shape("json_schema", schema=schema),
    )
    written = '{"type":"object","properties":{"city":{"type":"string"}}}'
    tool = '{"name":"weather","description":"Tell the weather","parameters":' + written + "}"

    extra = sum(counter.count_text_now(t, "gpt-4o") for t in (written, tool, '{"type":"web_search"}'))

    assert await counter.count_messages(asked) == counter.count_messages_now(ask(says("hi"))) + extra


async def test_calls_results_thoughts_and_pictures_are_counted(counter):
    blocks = [
        Reasoning("hello"),
        ToolCall(id="call_1", name="hello", arguments="world"),
        ToolResult("call_1", [Text("hello"), Image(Source(url="https://x/y.png"), detail="low")]),
    ]

    assert await counter.count_blocks(blocks, "gpt-4o") == 1 + (3 + 2) + (3 + 1 + 85)
    assert counter.count_blocks_now(blocks, "gpt-4o") == 95


async def test_special_words_in_a_text_are_plain_text(counter):
    assert await counter.count_text("<|endoftext|>", "gpt-4o") > 1


@pytest.mark.parametrize("run", ["a", " ", "\n", "ab", "漢", "=-", "a ", "🙂", "\ud800"])
async def test_a_long_run_is_counted_soon_and_beside_the_loop(counter, run):
    await counter.warm()
    await counter.warm("gpt-4")
    text = run * (400_000 // len(run))

    started = time.monotonic()
    counting = asyncio.create_task(counter.count_text(text, "gpt-4o"))
    turns = 0
    while not counting.done():
        turns += 1
        await asyncio.sleep(0.001)

    assert await counting > 0
    assert turns > 3
    assert time.monotonic() - started < 10


def test_a_huge_text_is_sampled(counter, monkeypatch):
    text = "The quick brown fox jumps over the lazy dog. " * 20_000
    whole = counter.count_text_now(text, "gpt-4o")
    monkeypatch.setattr(count, "_SAMPLED_FROM", 100_000)

    sampled = counter.count_text_now(text, "gpt-4o")

    assert sampled != 0
    assert abs(sampled - whole) < whole * 0.01


async def test_many_first_uses_load_a_vocabulary_once(monkeypatch):
    loads = []

    def counted(name: str) -> object:
        loads.append(name)
        return load(name)

    load = count.load
    monkeypatch.setattr(count, "load", counted)
    counter = Counter()

    counts = await asyncio.gather(*(counter.count_text("hello world", "gpt-4") for _ in range(5)))

    assert counts == [2] * 5
    assert loads == ["cl100k_base"]
