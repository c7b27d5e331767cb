import pytest

from tianji.pricing.lookup import price_of
from tianji.providers._thinking import refuses_thinking


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o"),
        ("mistral", "mistral-large-latest"),
        ("cohere", "command-r-plus-08-2024"),
        ("bedrock", "amazon.nova-pro-v1:0"),
    ],
)
def test_a_model_that_is_known_not_to_think_refuses_to_be_asked(provider, model):
    assert refuses_thinking(provider, price_of(provider, model))


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-5-mini"),
        ("openai", "a-model-of-ones-own"),
        ("azure", "eu/gpt-5"),
        ("groq", "openai/gpt-oss-120b"),
        ("mistral", "magistral-medium-latest"),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("hosted_vllm", "gpt-4o"),
    ],
)
def test_all_others_are_asked(provider, model):
    assert not refuses_thinking(provider, price_of(provider, model))


def test_the_config_has_the_last_word():
    assert not refuses_thinking("openai", price_of("openai", "gpt-4o", {"supports_reasoning": True}))
