import json
from typing import Any

import pytest

from tianji.errors import BadRequest
from tianji.providers.huggingface import ROUTER


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1"),
        ("together/deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1:together"),
        ("deepseek-ai/DeepSeek-R1:novita", "deepseek-ai/DeepSeek-R1:novita"),
        ("gpt2", "gpt2"),
    ],
)
def test_the_router_is_told_the_vendor_behind_the_model(bound, fields, model, sent):
    upstream = bound("huggingface", model, environ={"HF_TOKEN": "hf"})

    assert json.loads(upstream.forward("chat", fields(), stream=False).body)["model"] == sent
    assert upstream.url == f"{ROUTER}/chat/completions"
    assert upstream.headers["authorization"] == "Bearer hf"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://e.test", "https://e.test/v1/chat/completions"),
        ("https://e.test/v1/", "https://e.test/v1/chat/completions"),
        ("https://e.test/v1/chat/completions", "https://e.test/v1/chat/completions"),
        (
            "https://router.huggingface.co/novita/v3/openai",
            "https://router.huggingface.co/novita/v3/openai/chat/completions",
        ),
    ],
)
def test_an_endpoint_is_named_by_its_address(bound, fields, base, url):
    upstream = bound("huggingface", "together/a/b", api_base=base)

    assert upstream.url == url
    assert json.loads(upstream.forward("chat", fields(), stream=False).body)["model"] == "together/a/b"


def test_an_endpoint_may_stand_in_the_place_of_the_model(bound, fields):
    upstream = bound("huggingface", "https://e.test", api_key="k")

    assert upstream.url == "https://e.test/v1/chat/completions"
    assert json.loads(upstream.forward("chat", fields(), stream=False).body)["model"] == "tgi"


def test_an_address_that_an_api_call_chose_is_not_shown_the_environments_key(bound):
    upstream = bound("huggingface", "https://e.test", source="api", environ={"HF_TOKEN": "hf"})

    assert "authorization" not in upstream.headers


def test_what_endpoints_do_not_know_is_suited(bound, fields):
    said: dict[str, Any] = {"max_completion_tokens": 5, "messages": [{"role": "developer", "content": "x"}]}

    body = json.loads(bound("huggingface", "a/b").forward("chat", fields(**said), stream=False).body)

    assert (body["max_tokens"], body["messages"][0]["role"]) == (5, "system")


def test_a_wrong_address_is_told(bound):
    with pytest.raises(BadRequest, match="http"):
        bound("huggingface", "a/b", api_base="e.test")
