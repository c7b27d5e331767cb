"""Azure AI Foundry: one resource with models of many vendors, and models with an endpoint of their own."""

import json

import pytest

from tianji.providers.azure_ai import completions_url, messages_url, responses_url

FOUNDRY = "https://a.services.ai.azure.com"
DATED = "?api-version=2024-05-01-preview"


@pytest.mark.parametrize(
    ("base", "version", "url"),
    [
        (FOUNDRY, "", f"{FOUNDRY}/models/chat/completions{DATED}"),
        (f"{FOUNDRY}/models", "2025-01-01", f"{FOUNDRY}/models/chat/completions?api-version=2025-01-01"),
        (
            f"{FOUNDRY}/models/chat/completions?api-version=2024-05-01-preview",
            "",
            f"{FOUNDRY}/models/chat/completions{DATED}",
        ),
        (f"{FOUNDRY}/openai/v1/", "2025-01-01", f"{FOUNDRY}/openai/v1/chat/completions"),
        (
            "https://m.eastus.inference.ai.azure.com",
            "",
            "https://m.eastus.inference.ai.azure.com/chat/completions",
        ),
        (
            "https://m.eastus.models.ai.azure.com",
            "2024-05-01-preview",
            f"https://m.eastus.models.ai.azure.com/chat/completions{DATED}",
        ),
        ("http://proxy.test/x/v1", "", "http://proxy.test/x/v1/chat/completions"),
        (
            "https://a.openai.azure.com",
            "2025-03-01",
            "https://a.openai.azure.com/openai/deployments/d/chat/completions?api-version=2025-03-01",
        ),
    ],
)
def test_chat_completions_are_where_the_host_has_them(base, version, url):
    assert completions_url(base, "d", version) == url


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (f"{FOUNDRY}/models", f"{FOUNDRY}/openai/v1/responses"),
        ("https://m.eastus.inference.ai.azure.com", ""),
        ("http://proxy.test/v1", "http://proxy.test/v1/responses"),
    ],
)
def test_responses_are_where_the_host_has_them(base, url):
    assert responses_url(base) == url


@pytest.mark.parametrize("ending", ["", "/anthropic", "/anthropic/v1/messages", "/models"])
def test_claude_is_spoken_to_in_its_own_format(bound, fields, ending):
    assert messages_url(FOUNDRY + ending) == f"{FOUNDRY}/anthropic/v1/messages"

    upstream = bound("azure_ai", "claude-sonnet-4-5", api_base=FOUNDRY + ending, api_key="k")
    request = upstream.forward("messages", fields(max_tokens=5), stream=False)

    assert upstream.speaks == {"messages"}
    assert request.url == f"{FOUNDRY}/anthropic/v1/messages"
    assert request.headers["api-key"] == "k"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert json.loads(request.body)["model"] == "claude-sonnet-4-5"


def test_a_key_has_a_name_of_its_own_only_at_a_resource(bound):
    at_resource = bound("azure_ai", api_base=FOUNDRY, api_key="k").headers
    elsewhere = bound("azure_ai", api_base="https://m.eastus.inference.ai.azure.com", api_key="k").headers

    assert at_resource["api-key"] == "k"
    assert "authorization" not in at_resource
    assert elsewhere["authorization"] == "Bearer k"
    assert "api-key" not in elsewhere


def test_text_in_parts_is_sent_as_text_and_pictures_as_they_are(bound, fields):
    picture = {"type": "image_url", "image_url": {"url": "https://p.test/1.png"}}
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    upstream = bound("azure_ai", "grok-4", api_base=FOUNDRY, api_key="k")

    messages = [{"role": "user", "content": parts}, {"role": "user", "content": [*parts, picture]}]
    sent = json.loads(upstream.forward("chat", fields(messages=messages), stream=False).body)["messages"]

    assert sent[0]["content"] == "a\nb"
    assert sent[1]["content"] == [*parts, picture]


def test_a_model_that_only_responses_has_is_reached_by_them(bound):
    upstream = bound("azure_ai", "responses/any", api_base=FOUNDRY, api_key="k")

    assert (upstream.speaks, upstream.url) == ({"responses"}, f"{FOUNDRY}/openai/v1/responses")
    assert bound("azure_ai", "model_router/mine", api_base=FOUNDRY).model == "mine"
