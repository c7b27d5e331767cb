"""What calls cost, over HTTP, by the prices that gateways bill."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = [{"role": "user", "content": "Hello there, how is it going today?"}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(control: Any) -> None:
    """Make a deployment with prices of its own."""
    params = {
        "model": "openai/gpt-4o-mini",
        "api_key": "k",
        "input_cost_per_token": 0.001,
        "output_cost_per_token": 0.002,
    }
    made = await control.post("/model/new", {"model_name": "house", "litellm_params": params})
    assert made.status == 200, made.body


async def calculated(control: Any, **body: Any) -> float:
    answer = await control.post("/spend/calculate", body)
    assert answer.status == 200, answer.body
    return answer.json()["cost"]


async def test_a_prompt_costs_its_tokens(control: Any, house: None) -> None:
    own = await calculated(control, model="house", messages=HELLO)
    assert own == pytest.approx(0.016, abs=0.004)  # some 16 tokens
    table = await calculated(control, model="gpt-4o-mini", messages=HELLO)
    assert 0 < table < own
    assert await calculated(control, model="openai/gpt-4o-mini", messages=HELLO) == table
    longer = await calculated(control, model="house", messages=HELLO * 10)
    assert longer > 5 * own


async def test_an_answer_costs_what_its_usage_says(control: Any, house: None) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    answer = {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}
    own = await calculated(control, completion_response={**answer, "model": "house"})
    assert own == pytest.approx(9 * 0.001 + 12 * 0.002)


async def test_what_has_no_price_or_says_too_little_is_refused(control: Any) -> None:
    for body, param in (
        ({}, "model"),
        ({"model": "gpt-4o-mini"}, "messages"),
        ({"model": "nobody/knows-it", "messages": HELLO}, "model"),
        ({"completion_response": {"model": "gpt-4o-mini"}}, "completion_response"),
    ):
        answer = await control.post("/spend/calculate", body)
        assert (answer.status, answer.error["param"]) == (400, param), body


async def test_an_estimate_is_for_one_request_a_day_and_a_month(control: Any, house: None) -> None:
    ask = {"model": "house", "input_tokens": 100, "output_tokens": 10, "num_requests_per_day": 5}
    found = (await control.post("/cost/estimate", ask)).json()

    assert found["cost_per_request"] == pytest.approx(0.12)
    assert found["input_cost_per_request"] == pytest.approx(0.1)
    assert found["output_cost_per_request"] == pytest.approx(0.02)
    assert found["daily_cost"] == pytest.approx(0.6)
    assert found["monthly_cost"] is None
    assert (found["input_cost_per_token"], found["provider"]) == (0.001, "openai")
    for wrong in (
        {"input_tokens": -1},
        {"cache_read_input_tokens": 101},
        {"reasoning_tokens": 11},
    ):
        assert (await control.post("/cost/estimate", ask | wrong)).status == 422, wrong
