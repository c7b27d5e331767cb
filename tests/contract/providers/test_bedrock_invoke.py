"""Requests to Bedrock's InvokeModel: each vendor's own form."""

from collections.abc import Callable
from typing import Any

import pytest

from tianji.errors import BadRequest
from tianji.wire.neutral import Image, Source, Turn
from tianji_testkit.bedrock import PNG, SONNET, Sent, ask, sender


@pytest.fixture
def sent(bound: Callable[..., Any]) -> Sent:
    return sender(bound)


def test_claude_behind_invoke_is_asked_in_anthropics_form(sent: Sent):
    body = sent(ask(stream=True, max_tokens=7), f"invoke/{SONNET}")

    assert body == {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 7,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            "invoke/meta.llama3-8b-instruct-v1:0",
            {
                "prompt": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
                "<|start_header_id|>assistant<|end_header_id|>\n\n",
                "max_gen_len": 7,
            },
        ),
        ("invoke/mistral.mistral-7b-instruct-v0:2", {"prompt": "<s>[INST] hi [/INST]", "max_tokens": 7}),
        (
            "invoke/amazon.titan-text-express-v1",
            {"inputText": "hi", "textGenerationConfig": {"maxTokenCount": 7}},
        ),
        ("invoke/cohere.command-text-v14", {"prompt": "hi", "max_tokens": 7}),
        (
            "invoke/us.amazon.nova-lite-v1:0",
            {
                "schemaVersion": "messages-v1",
                "messages": [{"role": "user", "content": [{"text": "hi"}]}],
                "inferenceConfig": {"maxTokens": 7},
            },
        ),
        (
            "invoke/openai.gpt-oss-20b-1:0",
            {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 7},
        ),
        (
            "qwen3/arn:aws:bedrock:us-east-1:123456789012:imported-model/abc",
            {"prompt": "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", "max_gen_len": 7},
        ),
    ],
)
def test_each_vendor_behind_invoke_is_asked_in_its_own_form(sent: Sent, model: str, expected: dict[str, Any]):
    assert sent(ask(max_tokens=7), model) == expected


def test_a_model_of_text_refuses_pictures(sent: Sent):
    with pytest.raises(BadRequest, match="text alone"):
        sent(ask(Turn("user", [Image(Source(data=PNG))])), "invoke/meta.llama3-8b-instruct-v1:0")
