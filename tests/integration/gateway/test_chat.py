"""Chat completions, from the client's socket to the provider's and back."""

from __future__ import annotations

from typing import Any

from tianji_testkit.upstream import Reply


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


async def test_a_large_body_arrives_whole(gateway: Any) -> None:
    text = "word " * 150_000
    async with gateway.chat(messages=[{"role": "user", "content": text}]) as answer:
        assert answer.status == 200

    received = gateway.upstream.requests[0]
    assert received.json["messages"][0]["content"] == text
    assert int(received.headers["content-length"]) == len(received.body)


async def test_the_headers_that_clients_of_litellm_read_are_there(gateway: Any) -> None:
    gateway.upstream.will(
        Reply(headers={"x-ratelimit-remaining-requests": "41", "set-cookie": "a=b", "x-served-by": "rack 7"})
    )
    async with gateway.chat() as answer:
        headers = answer.headers

    assert headers["x-litellm-model-id"] == "gpt-4o-mini-0"
    assert headers["x-litellm-model-group"] == "gpt-4o-mini"
    assert headers["x-litellm-model-api-base"] == gateway.upstream.api_base
    assert headers["x-litellm-attempted-retries"] == headers["x-litellm-attempted-fallbacks"] == "0"
    assert headers["x-litellm-key-spend"] == "0"
    assert headers["x-tianji-snapshot"] == "7"
    assert float(headers["x-litellm-response-duration-ms"]) > float(headers["x-litellm-overhead-duration-ms"])
    assert headers["x-request-id"] == headers["x-litellm-call-id"]
    assert headers["x-ratelimit-remaining-requests"] == headers["llm_provider-x-ratelimit-remaining-requests"]
    assert headers["llm_provider-x-served-by"] == "rack 7"
    assert not any("cookie" in name or name.startswith("llm_provider-content-length") for name in headers)


async def test_what_a_request_says_about_itself_is_recorded(gateway: Any) -> None:
    async with gateway.chat(
        user="customer-1",
        metadata={"tags": ["a"], "session_id": "s-1", "project": "p"},
        tags=["b"],
    ) as answer:
        assert answer.status == 200

    event = await gateway.books.only()
    assert (event.end_user, event.session_id, set(event.tags)) == ("customer-1", "s-1", {"a", "b"})
    assert event.metadata["project"] == "p"
    assert (event.key_alias, event.client_ip, event.snapshot) == ("alice", "127.0.0.1", 7)
    assert {"metadata", "tags"}.isdisjoint(gateway.upstream.requests[0].json)


async def test_a_customer_may_be_a_number(gateway: Any) -> None:
    async with gateway.chat(user=17) as answer:
        assert answer.status == 200

    assert (await gateway.books.only()).end_user == "17"


async def test_a_call_counts_for_the_agent_of_its_key_or_else_for_the_one_that_it_names(gateway: Any) -> None:
    gateway.people.add("sk-of-an-agent", agent_id="of the key")
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello."}]}
    key, named = {"authorization": "Bearer sk-of-an-agent"}, {"x-litellm-agent-id": "of the header"}
    said = body | {"metadata": {"agent_id": "of the body"}}
    for headers, asked in ((key, body), (key | named, said), (named, said), ({}, said), ({}, body)):
        async with gateway.post("/v1/chat/completions", asked, **headers) as answer:
            assert answer.status == 200

    agents = ["of the key", "of the key", "of the header", "of the body", None]
    assert [event.agent_id for event in gateway.books.ends] == agents
    assert [event.agent_id for event in gateway.books.begins] == agents


async def test_an_answer_without_usage_is_counted_here(gateway: Any) -> None:
    gateway.upstream.will(Reply(usage=False))
    async with gateway.chat() as answer:
        assert answer.status == 200

    event = await gateway.books.only()
    assert event.usage.estimated
    assert event.usage.output_tokens == 6


async def test_an_anthropic_deployment_answers_a_chat_client(gateway: Any) -> None:
    gateway.serve("claude", {"provider": "anthropic", "model": "claude-sonnet-4-20250514"})
    async with gateway.chat(model="claude") as answer:
        assert answer.status == 200
        body = await answer.json()

    assert body["choices"][0]["message"]["content"] == "Hello from the fake provider."
    assert gateway.upstream.requests[0].path == "/v1/messages"
    assert (await gateway.books.only()).usage.output_tokens == 5


async def test_an_anthropic_deployment_streams_to_a_chat_client(gateway: Any) -> None:
    gateway.serve("claude", {"provider": "anthropic", "model": "claude-sonnet-4-20250514"})
    async with gateway.chat(model="claude", stream=True) as answer:
        text = (await answer.read()).decode()

    assert text.rstrip().endswith("data: [DONE]")
    assert '"content":"Hello ' in text
    event = await gateway.books.only()
    assert (event.status, event.usage.output_tokens, event.usage.estimated) == ("success", 5, False)


async def test_a_canned_answer_calls_nobody(gateway: Any) -> None:
    gateway.serve("mock", {"provider": "mock", "params": {"mock_response": "It works."}})
    async with gateway.chat(model="mock") as answer:
        assert (await answer.json())["choices"][0]["message"]["content"] == "It works."
    async with gateway.chat(model="mock", stream=True) as answer:
        assert (await answer.read()).endswith(b"data: [DONE]\n\n")

    assert gateway.upstream.requests == []
    assert [event.status for event in gateway.books.ends] == ["success", "success"]


async def test_a_client_may_say_the_answer_itself(gateway: Any) -> None:
    async with gateway.chat(mock_response="As you wish.", bogus=1) as response:
        assert response.status == 200
        answer = await response.json()
    assert answer["choices"][0]["message"]["content"] == "As you wish."
    event = await gateway.books.only()
    assert event.usage.estimated
    assert gateway.upstream.requests == []


async def test_a_client_may_say_the_failure_itself(gateway: Any) -> None:
    async with gateway.chat(mock_response="litellm.RateLimitError", num_retries=0) as response:
        assert response.status == 429
    async with gateway.chat(mock_response=7) as response:
        assert response.status == 400
    assert gateway.upstream.requests == []


async def test_a_null_mock_response_asks_the_provider(gateway: Any) -> None:
    async with gateway.chat(mock_response=None) as response:
        assert response.status == 200
    assert "mock_response" not in gateway.upstream.requests[0].json
