import json

import pytest

from tianji.errors import BadRequest
from tianji.providers.azure import chat_url

DATED = "/openai/deployments/d/chat/completions?api-version=2025-03-01"


@pytest.mark.parametrize(
    ("base", "version", "url"),
    [
        ("https://a.test", "2025-03-01", "https://a.test" + DATED),
        ("https://a.test/", "2025-03-01", "https://a.test" + DATED),
        ("http://a.test/x/7", "2025-03-01", "http://a.test/x/7" + DATED),
        ("https://a.test/openai", "2025-03-01", "https://a.test" + DATED),
        ("https://a.test/openai/deployments/d", "2025-03-01", "https://a.test" + DATED),
        (
            "https://a.test/openai/deployments/d/chat/completions?api-version=2025-03-01",
            "x",
            "https://a.test" + DATED,
        ),
        ("https://a.test", "v1", "https://a.test/openai/v1/chat/completions"),
        ("https://a.test/openai/v1/", "2025-03-01", "https://a.test/openai/v1/chat/completions"),
        ("https://a.test", "preview", "https://a.test/openai/v1/chat/completions?api-version=preview"),
    ],
)
def test_a_deployments_address_is_built_from_what_stands_before_openai(base, version, url):
    assert chat_url(base, "d", version) == url


def test_a_token_goes_before_a_key_and_each_has_its_header(bound):
    key, token = {"api_base": "https://a.test", "api_key": "k"}, {"azure_ad_token": "t"}

    assert bound("azure", **key).headers["api-key"] == "k"
    headers = bound("azure", **key, **token).headers
    assert headers["authorization"] == "Bearer t"
    assert "api-key" not in headers


def test_a_deployment_needs_an_address(bound):
    with pytest.raises(BadRequest, match="AZURE_API_BASE"):
        bound("azure")
    assert bound("azure", environ={"AZURE_API_BASE": "https://a.test"}).url.startswith(
        "https://a.test/openai/"
    )


@pytest.mark.parametrize(
    ("model", "info"), [("o_series/mine", {}), ("mine", {"base_model": "azure/o3-mini"})]
)
def test_a_reasoning_model_is_known_by_its_mark_or_its_base_model(bound, fields, model, info):
    upstream = bound("azure", model, info=info, api_base="https://a.test")

    body = json.loads(upstream.forward("chat", fields(max_tokens=5), stream=False).body)

    assert (body["model"], body["max_completion_tokens"]) == ("mine", 5)
    assert "/deployments/mine/" in upstream.url
