"""Answers that are made shorter where what is left of a budget does not pay for the longest one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tianji.domain.limits import BudgetWindow, Limits
from tianji.domain.snapshot import Settings
from tianji_testkit.scripted import SERVED, ScriptedProviders, dialects
from tianji_testkit.scripted.script import WARMER
from tianji_testkit.upstream import Reply

KEY = "sk-short-0123456789"
PRICES = {"input_cost_per_token": 0, "output_cost_per_token": 0.001}
LOWERED = "x-tianji-max-tokens-lowered"
ALWAYS, NEVER = ({"lower_max_tokens": word} for word in ("always", "never"))


@pytest.fixture
def limited(gateway: Any, upstream: Any) -> Any:
    """A gateway whose answers of five words cost 0.005 USD."""
    serve(gateway)
    upstream.usual = Reply(text=" ".join(["word"] * 5))
    return gateway


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedProviders]:
    async with ScriptedProviders(dialects()) as providers:
        yield providers


def serve(gateway: Any, *deployments: dict[str, Any], **general: Any) -> None:
    given = deployments or ({},)
    made = [{**one, "params": PRICES | one.get("params", {})} for one in given]
    gateway.serve("gpt-4o-mini", *made, settings=Settings(general=general))


def hold(gateway: Any, **limits: Any) -> None:
    gateway.people.add(KEY, alias="bob", limits=Limits(**limits))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_that_names_no_length_gets_what_is_left(
    limited: Any, upstream: Any, stream: bool
) -> None:
    hold(limited, max_budget="0.105")
    for left in (105, 100):
        async with limited.chat(KEY, stream=stream) as served:
            assert served.status == 200
            assert served.headers[LOWERED] == str(left)
            await served.read()
        assert upstream.requests[-1].json["max_tokens"] == left
    assert [one.reserved_usd for one in limited.books.begins] == ["0.105", "0.1"]


async def test_a_budget_is_used_to_the_last_answer_that_is_of_use(limited: Any) -> None:
    hold(limited, max_budget="0.03")
    statuses = []
    for _ in range(5):
        async with limited.chat(KEY) as answered:
            statuses.append((answered.status, answered.headers.get(LOWERED)))
    assert statuses == [(200, "30"), (200, "25"), (200, "20"), (422, None), (422, None)]


async def test_many_at_once_pass_no_budget(limited: Any, upstream: Any) -> None:
    hold(limited, max_budget="0.5", windows=(BudgetWindow("0.4", "1d"),))
    costs: list[float] = []

    async def ask() -> None:
        refused = 0
        while refused < 5:
            async with limited.chat(KEY) as answered:
                if answered.status == 200:
                    costs.append(float(answered.headers["x-litellm-response-cost"]))
                else:
                    refused += 1
                    await asyncio.sleep(0.02 * refused)

    await asyncio.gather(*(ask() for _ in range(12)))

    assert 0.38 <= round(sum(costs), 9) <= 0.4
    reserved = [one.json["max_tokens"] for one in upstream.requests]
    assert max(reserved) <= 400 and len(reserved) == len(costs)


async def test_a_call_that_fits_is_left_as_it_is(limited: Any, upstream: Any) -> None:
    hold(limited, max_budget="100")
    async with limited.chat(KEY) as served:
        assert LOWERED not in served.headers
    assert "max_tokens" not in upstream.requests[0].json


async def test_what_a_client_asks_for_is_refused_with_the_length_that_would_do(limited: Any) -> None:
    hold(limited, max_budget="0.03")
    async with limited.chat(KEY, max_tokens=31) as refused:
        assert refused.status == 422
        error = (await refused.json())["error"]
    assert "A lower max_tokens, of 30 or less, would be let through now." in error["message"]
    assert error["facts"]["max_tokens"] == 30
    async with limited.chat(KEY, max_tokens=30) as served:
        assert served.status == 200 and LOWERED not in served.headers


async def test_the_config_says_whose_length_is_lowered(limited: Any, upstream: Any) -> None:
    hold(limited, max_budget="0.03")
    serve(limited, **NEVER)
    async with limited.chat(KEY) as refused:
        assert refused.status == 422
    serve(limited, **ALWAYS)
    async with limited.chat(KEY, max_completion_tokens=500) as served:
        assert (served.status, served.headers[LOWERED]) == (200, "30")
    said = upstream.requests[0].json
    assert (said["max_completion_tokens"], "max_tokens" in said) == (30, False)
    serve(limited, lowest_max_tokens=26)
    async with limited.chat(KEY) as refused:
        assert refused.status == 422


async def test_several_answers_share_what_is_left(limited: Any, upstream: Any) -> None:
    hold(limited, max_budget="0.06")
    async with limited.chat(KEY, n=3) as served:
        assert served.headers[LOWERED] == "20"
    assert upstream.requests[0].json["max_tokens"] == 20
    assert limited.books.begins[0].reserved_usd == "0.06"


async def test_half_of_much_is_left_to_calls_that_come_meanwhile(limited: Any, upstream: Any) -> None:
    hold(limited, max_budget="15")  # the longest answer of the model costs more
    slow = Reply(text="word", hold_head=True)
    upstream.will(slow)
    first = asyncio.create_task(limited.chat(KEY).__aenter__())
    assert (await upstream.request()).json["max_tokens"] == 7500
    async with limited.chat(KEY) as second:
        assert second.headers[LOWERED] == "4112"
    slow.release.set()
    assert (await first).headers[LOWERED] == "7500"


async def test_a_deployments_own_length_is_reserved_and_never_raised(limited: Any, upstream: Any) -> None:
    serve(limited, {"params": {"max_tokens": 50}})
    hold(limited, max_budget="0.06")
    for lowered in (None, None, None, "45"):
        async with limited.chat(KEY) as served:
            assert (served.status, served.headers.get(LOWERED)) == (200, lowered)
    assert [one.json["max_tokens"] for one in upstream.requests] == [50, 50, 50, 45]
    assert [one.reserved_usd for one in limited.books.begins] == ["0.05", "0.05", "0.05", "0.045"]


async def test_a_deployments_own_name_for_the_length_gives_way(limited: Any, upstream: Any) -> None:
    serve(limited, {"params": {"max_completion_tokens": 50}})
    hold(limited, max_budget="0.03")
    async with limited.chat(KEY) as served:
        assert served.headers[LOWERED] == "30"
    async with limited.post(
        "/v1/messages", {**FORMATS["messages"][1], "model": "gpt-4o-mini"}, KEY
    ) as served:
        assert served.headers[LOWERED] == "25"
    said = [one.json for one in upstream.requests]
    assert [(one["max_tokens"], "max_completion_tokens" in one) for one in said] == [(30, False), (25, False)]


async def test_a_deployments_own_budget_shortens_only_where_no_other_is_left(limited: Any) -> None:
    hold(limited)
    poor = {"id": "poor", "params": {"max_budget": 0.04}}
    serve(limited, poor, {"id": "rich"})
    async with limited.chat(KEY) as served:
        assert served.headers["x-litellm-model-id"] == "rich" and LOWERED not in served.headers
    serve(limited, poor)
    async with limited.chat(KEY) as served:
        assert (served.headers["x-litellm-model-id"], served.headers[LOWERED]) == ("poor", "40")


async def test_a_rate_makes_answers_shorter_only_on_demand(limited: Any, upstream: Any) -> None:
    hold(limited, tpm=500)
    async with limited.chat(KEY, max_tokens=400) as served:
        assert served.status == 200
    async with limited.chat(KEY, max_tokens=500) as refused:
        assert refused.status == 429
    serve(limited, **ALWAYS)
    async with limited.chat(KEY, max_tokens=500) as served:
        assert served.status == 200
        assert 400 < int(served.headers[LOWERED]) < 500
    assert upstream.requests[-1].json["max_tokens"] == int(served.headers[LOWERED])


async def test_a_provider_that_drops_the_limit_is_not_asked(limited: Any, upstream: Any) -> None:
    serve(limited, {"params": {"additional_drop_params": ["max_tokens"]}})
    hold(limited, max_budget="0.03")
    async with limited.chat(KEY) as refused:
        assert refused.status == 422
        assert "takes no such limit" in (await refused.json())["error"]["message"]
    assert upstream.requests == []
    async with limited.chat(KEY, max_tokens=5) as served:
        assert served.status == 200, "nothing of the refused call is held"


async def test_room_to_think_is_left_or_the_call_refused(limited: Any, upstream: Any) -> None:
    limited.serve(
        "claude", {"provider": "anthropic", "model": "claude-3-7-sonnet-20250219", "params": PRICES}
    )
    hold(limited, max_budget="2")
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1500}, "max_tokens": 32_000}
    async with limited.messages(KEY, **thinking) as served:
        assert (served.status, served.headers[LOWERED]) == (200, "2000")
    assert upstream.requests[0].json["max_tokens"] == 2000
    thinking["thinking"] = {"type": "enabled", "budget_tokens": 1990}
    async with limited.messages(KEY, **thinking) as refused:
        assert refused.status == 422


FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": WARMER}]}),
    "messages": ("/v1/messages", {"max_tokens": 9000, "messages": [{"role": "user", "content": WARMER}]}),
    "responses": ("/v1/responses", {"input": WARMER}),
    "generate_content": (
        "/v1beta/models/{model}:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": WARMER}]}], "generation_config": {"topP": 1}},
    ),
}
NAMES = {
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "maxOutputTokens",
    "maxTokens",
    "num_predict",
}


@pytest.mark.parametrize("front", FORMATS)
async def test_every_provider_is_told_in_its_own_words(
    front: str, gateway: Any, scripted: ScriptedProviders
) -> None:
    path, body = FORMATS[front]
    for number, (name, served) in enumerate(SERVED.items()):
        params = PRICES | {"output_cost_per_token": 0.0001} | dict(served.params(scripted.url(name)))
        gateway.serve(name, {"provider": served.provider, "model": served.model, "params": params})
        key = f"{KEY}-{number}"
        gateway.people.add(key, limits=Limits(max_budget="0.05"))

        async with gateway.post(path.format(model=name), {"model": name, **body}, key) as answered:
            assert answered.status == 200, (name, await answered.text())
            assert answered.headers[LOWERED] == "500", name

        assert scripted.refusals() == []
        assert set(_limits(scripted.asked[-1].json)) == {500}, name


def _limits(value: Any) -> Iterator[Any]:
    """Yield what a request says of the length of its answer, wherever that stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in NAMES:
                yield inner
            else:
                yield from _limits(inner)
