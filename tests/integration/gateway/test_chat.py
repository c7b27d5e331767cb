"""Chat completions, from the client's socket to the provider's and back."""

from __future__ import annotations

from typing import Any


async def test_an_answer_comes_through_as_the_provider_wrote_it(gateway: Any) -> None:
    async with gateway.chat() as answer:
        assert answer.status == 200
        body = await answer.json()

    assert body["choices"][0]["message"]["content"] == "Hello from the fake provider."
    sent = gateway.upstream.requests[0]
    assert sent.headers["authorization"] == "Bearer sk-upstream"
    assert sent.json["messages"] == [{"role": "user", "content": "Say hello."}]


async def test_an_answer_is_written_to_the_ledger_before_it_is_sent(gateway: Any) -> None:
    async with gateway.chat() as answer:
        assert len(gateway.books.ends) == 1
        call_id = answer.headers["x-litellm-call-id"]

    event = await gateway.books.only()
    assert event.id == call_id == gateway.books.begins[0].id
    assert (event.status, event.usage.input_tokens, event.usage.output_tokens) == ("success", 7, 5)
    assert event.priced
    assert answer.headers["x-litellm-response-cost"] == event.cost_usd
