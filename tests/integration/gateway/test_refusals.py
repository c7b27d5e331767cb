"""Who is refused, with which status and which words, and what it leaves behind."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tianji.domain.snapshot import Settings
from tianji.domain.tenants import CustomerRecord, OrganizationRecord, TeamRecord, UserRecord
from tianji.errors import Unavailable

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


async def _error(request: Any, status: int) -> dict[str, Any]:
    async with request as answer:
        assert answer.status == status
        assert answer.headers["x-litellm-call-id"]
        error: dict[str, Any] = (await answer.json())["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error


async def test_a_request_without_a_key_is_refused_and_leaves_no_record(gateway: Any) -> None:
    error = await _error(gateway.chat(key=None), 401)

    assert error["type"] == "auth_error"
    assert error["message"].startswith("Authentication Error, No api key passed in")
    assert gateway.books.ends == []
    assert gateway.upstream.requests == []


@pytest.mark.parametrize(
    ("key", "kind"), [("sk-nobody-1234", "token_not_found_in_db"), ("nonsense", "auth_error")]
)
async def test_an_unknown_key_is_refused_without_being_repeated(gateway: Any, key: str, kind: str) -> None:
    error = await _error(gateway.chat(key=key), 401)

    assert error["type"] == kind
    assert key not in error["message"]


@pytest.mark.parametrize(
    "header",
    [
        "authorization",
        "api-key",
        "x-api-key",
        "x-goog-api-key",
        "ocp-apim-subscription-key",
        "x-litellm-api-key",
    ],
)
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", ""])
async def test_a_key_is_taken_from_every_header_that_clients_use(
    gateway: Any, header: str, scheme: str
) -> None:
    bearer_only = header == "authorization"
    prefix = scheme or ("Bearer " if bearer_only else "")
    request = gateway.post("/v1/chat/completions", ASK, None, **{header: prefix + "sk-alice-0123456789"})
    async with request as answer:
        assert answer.status == (200 if bearer_only or not scheme or header.startswith("x-litellm") else 401)


async def test_the_master_key_may_use_every_model(gateway: Any) -> None:
    async with gateway.chat(key="sk-master") as answer:
        assert answer.status == 200


async def test_a_blocked_key_is_refused(gateway: Any) -> None:
    gateway.people.add("sk-blocked", blocked=True)

    assert "blocked" in (await _error(gateway.chat(key="sk-blocked"), 401))["message"]


async def test_an_expired_key_is_refused(gateway: Any) -> None:
    gateway.people.add("sk-old", expires=time.time() - 1)

    assert (await _error(gateway.chat(key="sk-old"), 401))["type"] == "expired_key"


@pytest.mark.parametrize(
    ("team", "word"), [(TeamRecord(id="t", blocked=True), "blocked"), (None, "does not exist")]
)
async def test_a_key_of_a_blocked_or_vanished_team_is_refused(gateway: Any, team: Any, word: str) -> None:
    gateway.people.add("sk-team", team_id="t")
    if team is not None:
        gateway.people.teams["t"] = team

    assert word in (await _error(gateway.chat(key="sk-team"), 401))["message"]


async def test_a_model_outside_the_keys_list_is_refused_and_recorded(gateway: Any) -> None:
    gateway.people.add("sk-narrow", models=["claude-*"])
    error = await _error(gateway.chat(key="sk-narrow"), 403)

    assert (error["type"], error["param"]) == ("key_model_access_denied", "model")
    event = await gateway.books.only()
    assert (event.http_status, event.error_type, event.attempts) == (403, "key_model_access_denied", 0)
    assert gateway.books.begins == []


@pytest.mark.parametrize(
    "models", [[], ["gpt-4o-mini"], ["gpt-*"], ["all-proxy-models"], ["*"], ["claude", "gpt-4o-mini"]]
)
async def test_a_model_on_the_keys_list_is_served(gateway: Any, models: list[str]) -> None:
    gateway.people.add("sk-wide", models=models)
    async with gateway.chat(key="sk-wide") as answer:
        assert answer.status == 200


async def test_a_key_without_default_models_may_use_none(gateway: Any) -> None:
    gateway.people.add("sk-none", models=["no-default-models"])

    await _error(gateway.chat(key="sk-none"), 403)


@pytest.mark.parametrize("models", [[], ["all-team-models"], ["gpt-4o-mini"]])
async def test_the_teams_list_holds_for_all_its_keys(gateway: Any, models: list[str]) -> None:
    gateway.people.teams["t"] = TeamRecord(id="t", models=["claude"])
    gateway.people.add("sk-team", team_id="t", models=models)

    assert (await _error(gateway.chat(key="sk-team"), 403))["type"] == "team_model_access_denied"


async def test_the_users_list_holds_for_keys_of_their_own(gateway: Any) -> None:
    gateway.people.users["u"] = UserRecord(id="u", models=["claude"])
    gateway.people.add("sk-user", user_id="u")

    assert (await _error(gateway.chat(key="sk-user"), 403))["type"] == "user_model_access_denied"


async def test_a_keys_alias_is_replaced_before_its_list_is_looked_at(gateway: Any) -> None:
    gateway.people.add("sk-alias", aliases={"cheap": "gpt-4o-mini"}, models=["gpt-4o-mini"])
    async with gateway.chat(key="sk-alias", model="cheap") as answer:
        assert answer.status == 200

    event = await gateway.books.only()
    assert (event.model, event.model_group) == ("cheap", "gpt-4o-mini")


async def test_an_unknown_model_is_a_wrong_request(gateway: Any) -> None:
    error = await _error(gateway.chat(model="gpt-none"), 400)

    assert error["message"].startswith("/v1/chat/completions: Invalid model name passed in model=gpt-none")


async def test_a_route_outside_the_keys_list_is_refused(gateway: Any) -> None:
    gateway.people.add("sk-info", allowed_routes=["/v1/models"])

    assert "not allowed to call this route" in (await _error(gateway.chat(key="sk-info"), 403))["message"]


@pytest.mark.parametrize("route", ["llm_api_routes", "openai_routes", "/v1/chat/*", "/v1/chat/completions"])
async def test_a_route_on_the_keys_list_is_served(gateway: Any, route: str) -> None:
    gateway.people.add("sk-route", allowed_routes=[route])
    async with gateway.chat(key="sk-route") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("field", ["api_base", "api_key", "base_url"])
async def test_a_client_may_not_say_where_a_request_goes(gateway: Any, field: str) -> None:
    error = await _error(gateway.chat(**{field: "http://evil.example"}), 400)

    assert error["param"] == field
    assert gateway.upstream.requests == []


async def test_the_path_may_name_the_model(gateway: Any) -> None:
    ask = {"messages": ASK["messages"], "model": "another"}
    for path in ("/engines/gpt-4o-mini/chat/completions", "/openai/deployments/gpt-4o-mini/chat/completions"):
        async with gateway.post(path, ask) as answer:
            assert answer.status == 200

    assert [received.json["model"] for received in gateway.upstream.requests] == ["gpt-4o-mini"] * 2


async def test_a_model_in_the_path_is_checked_too(gateway: Any) -> None:
    gateway.people.add("sk-narrow", models=["claude"])

    await _error(
        gateway.post("/engines/gpt-4o-mini/chat/completions", {**ASK, "model": "claude"}, "sk-narrow"), 403
    )


async def test_a_body_over_the_limit_is_refused(gateway: Any) -> None:
    big = b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"' + b"x" * (1 << 20) + b'"}]}'
    error = await _error(gateway.post("/v1/chat/completions", big), 413)

    assert "1 MB" in error["message"]
    assert (await gateway.books.only()).http_status == 413


async def test_the_config_says_how_large_a_body_may_be(gateway: Any) -> None:
    gateway.runtime.body_limit = None
    gateway.serve("gpt-4o-mini", settings=Settings(general={"max_request_size_mb": 0.001}))
    await _error(gateway.chat(user="x" * 2000), 413)
    async with gateway.chat() as response:
        assert response.status == 200


async def test_nothing_is_called_when_it_cannot_be_recorded(gateway: Any) -> None:
    gateway.books.refuse = Unavailable("the spool is full")

    assert (await _error(gateway.chat(), 503))["message"] == "the spool is full"
    assert gateway.upstream.requests == []


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/files/abc/content", "/mcp", "/v1/images/edits"])
async def test_a_path_that_is_not_there_yet_says_so(gateway: Any, path: str) -> None:
    async with gateway.post(path, ASK) as answer:
        assert answer.status == 501
        assert (await answer.json())["error"]["type"] == "not_implemented"


async def test_a_wrong_method_is_told_the_right_one(gateway: Any) -> None:
    async with gateway.session.get(gateway.url + "/v1/chat/completions") as answer:
        assert answer.status == 405
        assert answer.headers["allow"] == "POST"


async def test_a_request_that_asks_for_guardrails_is_not_answered_unguarded(gateway: Any) -> None:
    error = await _error(gateway.chat(guardrails=["pii"]), 501)

    assert (error["type"], error["param"]) == ("not_implemented", "guardrails")
    assert gateway.upstream.requests == []


async def test_an_empty_list_of_guardrails_is_said_to_the_gateway_alone(gateway: Any) -> None:
    async with gateway.chat(guardrails=[]) as answer:
        assert answer.status == 200
    assert "guardrails" not in gateway.upstream.requests[0].json


async def test_a_key_does_not_what_its_organization_may_not(gateway: Any) -> None:
    gateway.people.organizations["acme"] = OrganizationRecord(id="acme", models=["claude-*"])
    gateway.people.teams["core"] = TeamRecord(id="core", organization_id="acme", models=["gpt-4o-mini"])
    gateway.people.add("sk-in-the-team", team_id="core")
    gateway.people.add("sk-in-the-organization", organization_id="acme")
    for key in ("sk-in-the-team", "sk-in-the-organization"):
        error = await _error(gateway.chat(key=key), 403)
        assert error["type"] == "org_model_access_denied" and error["param"] == "model"
    gateway.people.organizations["acme"] = OrganizationRecord(id="acme", models=["gpt-*"])
    async with gateway.chat(key="sk-in-the-team") as answer:
        assert answer.status == 200
    assert gateway.books.ends[-1].organization_id == "acme"


@pytest.mark.parametrize("who", ["organization", "user"])
async def test_a_block_above_the_key_bars_it(gateway: Any, who: str) -> None:
    gateway.people.organizations["acme"] = OrganizationRecord(id="acme", blocked=who == "organization")
    gateway.people.users["ann"] = UserRecord(id="ann", blocked=who == "user")
    gateway.people.add("sk-below", organization_id="acme", user_id="ann")
    error = await _error(gateway.chat(key="sk-below"), 401)
    assert error["param"] == f"{who}_id" and "blocked" in error["message"]


async def test_a_key_of_an_organization_that_is_gone_is_refused(gateway: Any) -> None:
    gateway.people.add("sk-orphan", organization_id="gone")
    assert (await _error(gateway.chat(key="sk-orphan"), 401))["param"] == "organization_id"


async def test_a_page_of_another_origin_may_ask_and_read(gateway: Any) -> None:
    origin = {"origin": "https://page.example"}
    asking = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    url = f"{gateway.url}/v1/chat/completions"
    async with gateway.session.options(url, headers=origin | asking) as answer:
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-headers"] == "authorization"
    async with gateway.session.post(url, json=ASK, headers=origin) as answer:
        assert answer.status == 401
        assert answer.headers.getall("access-control-allow-origin") == ["*"]


async def test_a_customer_who_is_blocked_or_may_not_use_the_model_is_refused(gateway: Any) -> None:
    gateway.people.customers["eve"] = CustomerRecord(id="eve", blocked=True)
    gateway.people.customers["bob"] = CustomerRecord(id="bob", models=["claude-*"])
    url = "/v1/chat/completions"
    error = await _error(gateway.post(url, ASK | {"user": "eve"}), 403)
    assert "eve" in error["message"] and error["param"] == "user"
    error = await _error(gateway.post(url, ASK | {"user": "bob"}), 403)
    assert error["type"] == "customer_model_access_denied"
    async with gateway.post(url, ASK | {"user": "somebody"}) as answer:
        assert answer.status == 200


async def test_customers_that_cannot_be_looked_up_stop_nobody(
    gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: str) -> None:
        raise Unavailable("NATS does not answer")

    monkeypatch.setattr(gateway.people, "customer", away)
    async with gateway.post("/v1/chat/completions", ASK | {"user": "eve"}) as answer:
        assert answer.status == 200
