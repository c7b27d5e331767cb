import pytest

from tianji.errors import BadRequest
from tianji.providers import names, provider, split_model


@pytest.mark.parametrize(
    ("model", "params", "split"),
    [
        ("openai/gpt-4o", {}, ("openai", "gpt-4o")),
        ("gpt-4o", {}, ("openai", "gpt-4o")),
        ("o3-mini", {}, ("openai", "o3-mini")),
        ("claude-sonnet-4-5", {}, ("anthropic", "claude-sonnet-4-5")),
        ("anthropic/claude-sonnet-4-5", {}, ("anthropic", "claude-sonnet-4-5")),
        ("hosted_vllm/meta/llama", {}, ("hosted_vllm", "meta/llama")),
        ("openai/org/model", {"api_base": "http://x"}, ("openai", "org/model")),
        ("meta/llama", {"custom_llm_provider": "openai"}, ("openai", "meta/llama")),
        ("openai/llama", {"custom_llm_provider": "openai"}, ("openai", "llama")),
        ("org/llama", {"api_base": "http://x"}, ("openai", "org/llama")),
        ("anything", {"mock_response": "hi"}, ("mock", "anything")),
        ("openai/*", {}, ("openai", "*")),
        ("text-completion-openai/davinci", {}, ("text-completion-openai", "davinci")),
        ("davinci", {"custom_llm_provider": "text-completion-openai"}, ("text-completion-openai", "davinci")),
    ],
)
def test_a_models_name_tells_its_provider(model, params, split):
    assert split_model(model, params) == split


@pytest.mark.parametrize(
    ("model", "params", "words"),
    [
        ("opnai/gpt-4o", {}, "Unknown provider 'opnai'; did you mean 'openai'"),
        ("llama", {}, "names no provider; write it as provider/model"),
        ("llama", {"custom_llm_provider": "antropic"}, "did you mean 'anthropic'"),
    ],
)
def test_an_unknown_provider_is_told_with_the_nearest_one(model, params, words):
    with pytest.raises(BadRequest, match=words):
        split_model(model, params)


def test_every_provider_can_be_loaded():
    assert {"openai", "azure", "anthropic", "mock", "hosted_vllm"} <= set(names())
    for name in names():
        assert callable(provider(name).bind)
