"""SAP's Generative AI Hub: service keys, the deployment that is looked up, and the modules of a request."""

import json
from typing import Any

import pytest

from tianji.errors import BadRequest, UpstreamError
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Failed, Text

DEPLOYED = {"api_base": "https://d.test/v2/inference/deployments/d1", "api_key": "token"}
TOOL = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}


@pytest.fixture
def sent(bound, fields) -> Any:
    def send(params: Any = None, **body: Any) -> Any:
        upstream = bound("sap", "gpt-4o", **DEPLOYED, **(params or {}))
        return json.loads(upstream.request(ChatFront().read(fields(**body))).body)

    return send


def key_of(office) -> dict[str, Any]:
    return {
        "clientid": "me",
        "clientsecret": "secret",
        "url": office.url,
        "serviceurls": {"AI_API_URL": office.url},
    }


def deployment(identity: str, created: str, **more: Any) -> dict[str, Any]:
    url = f"https://d.test/v2/inference/deployments/{identity}"
    return {"scenarioId": "orchestration", "deploymentUrl": url, "createdAt": created, **more}


async def test_a_service_key_opens_the_newest_deployment_that_runs(bound, fields, office):
    office.answers["/v2/lm/deployments"] = {
        "resources": [
            deployment("old", "2024-01-01"),
            deployment("new", "2025-01-01", status="RUNNING"),
            deployment("gone", "2026-01-01", status="STOPPED"),
            {"scenarioId": "foundation-models", "deploymentUrl": "https://x.test", "createdAt": "2026-02-01"},
        ]
    }
    upstream = bound("sap", "gpt-4o", api_key=key_of(office), aicore_resource_group="mine")
    request = upstream.request(ChatFront().read(fields()))

    assert await request.authorize(request) == {"authorization": "Bearer t1", "ai-resource-group": "mine"}
    assert request.url == "https://d.test/v2/inference/deployments/new/v2/completion"
    assert office.asked == [
        {"grant_type": "client_credentials", "client_id": "me", "client_secret": "secret"}
    ]
    assert office.paths == ["/oauth/token", "/v2/lm/deployments"]
    again = upstream.request(ChatFront().read(fields()))
    await again.authorize(again)
    assert len(office.paths) == 2


async def test_a_group_without_a_deployment_is_told(bound, fields, office):
    office.answers["/v2/lm/deployments"] = {"resources": []}
    environ = {
        "AICORE_CLIENT_ID": "me",
        "AICORE_CLIENT_SECRET": "s",
        "AICORE_AUTH_URL": f"{office.url}/oauth/token",
        "AICORE_BASE_URL": f"{office.url}/v2",
        "AICORE_RESOURCE_GROUP": "empty",
    }
    request = bound("sap", environ=environ).request(ChatFront().read(fields()))

    with pytest.raises(UpstreamError, match="'empty'") as caught:
        await request.authorize(request)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("params", "missing"),
    [
        ({}, "AICORE_SERVICE_KEY"),
        ({"api_key": "token"}, "AICORE_BASE_URL"),
        ({"api_key": "{broken"}, "not valid JSON"),
        ({"api_key": {"credentials": {"clientid": "c"}}}, "AICORE_SERVICE_KEY"),
    ],
)
def test_what_is_missing_is_named(bound, params, missing):
    with pytest.raises(BadRequest, match=missing):
        bound("sap", **params)


def test_a_known_deployment_is_asked_as_it_is(bound):
    assert bound("sap", **DEPLOYED).url == f"{DEPLOYED['api_base']}/v2/completion"
    whole = {**DEPLOYED, "api_base": f"{DEPLOYED['api_base']}/v2/completion"}
    assert bound("sap", **whole).url == f"{DEPLOYED['api_base']}/v2/completion"


def test_a_request_becomes_the_modules_of_an_orchestration(sent):
    messages = [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": "hi", "name": "me"},
    ]
    body = sent(
        {"filtering": {"input": {}}, "model_version": "2024-08-06"},
        messages=messages,
        tools=[TOOL],
        tool_choice="auto",
        response_format={"type": "json_object"},
        temperature=0.5,
        user="u",
        stream=True,
    )

    assert body == {
        "config": {
            "modules": {
                "prompt_templating": {
                    "prompt": {
                        "template": [
                            {"role": "system", "content": "Be brief."},
                            {"role": "user", "content": "hi"},
                        ],
                        "tools": [TOOL],
                        "response_format": {"type": "json_object"},
                    },
                    "model": {
                        "name": "gpt-4o",
                        "version": "2024-08-06",
                        "params": {
                            "temperature": 0.5,
                            "tool_choice": "auto",
                            "stream_options": {"include_usage": True},
                        },
                    },
                },
                "filtering": {"input": {}},
            },
            "stream": {"enabled": True},
        }
    }


def test_texts_that_look_like_templates_are_sent_as_values(sent):
    parts = [{"type": "text", "text": "{% if %}"}, {"type": "image_url", "image_url": {"url": "https://p"}}]
    messages = [
        {"role": "user", "content": "What is {{?this}}?"},
        {"role": "assistant", "content": "{ }"},
        {"role": "user", "content": parts},
    ]
    body = sent(messages=messages)

    template = body["config"]["modules"]["prompt_templating"]["prompt"]["template"]
    assert [template[0]["content"], template[1]["content"]] == ["{{?text_1}}", "{ }"]
    assert template[2]["content"][0]["text"] == "{{?text_2}}"
    assert body["placeholder_values"] == {"text_1": "What is {{?this}}?", "text_2": "{% if %}"}

    wanted = sent(messages=messages, placeholder_values={"this": "x"})
    assert wanted["placeholder_values"] == {"this": "x"}
    template = wanted["config"]["modules"]["prompt_templating"]["prompt"]["template"]
    assert template[0]["content"] == "What is {{?this}}?"


def test_a_stream_cut_anywhere_is_the_same_and_its_error_is_told(bound, fields):
    chunk = {"final_result": {"id": "1", "choices": [{"index": 0, "delta": {"content": "Grüezi"}}]}}
    error = {"request_id": "r", "code": 429, "message": "Slow down.", "location": "LLM Module"}
    raw = b"".join(f"data: {json.dumps(one, ensure_ascii=False)}\n\n".encode() for one in (chunk, error))
    decoder = bound("sap", **DEPLOYED).stream(ChatFront().read(fields()))
    events = [event for at in range(len(raw)) for event in decoder.feed(raw[at : at + 1])]

    assert any(getattr(event, "block", None) == Text("") for event in events)
    assert isinstance(events[-1], Failed)
    assert (events[-1].status, "Slow down." in events[-1].message) == (429, True)
    assert not decoder.complete
