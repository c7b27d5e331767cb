from __future__ import annotations

import datetime
from decimal import Decimal as D

import pytest

from tianji.pricing.catalog import Catalog
from tianji.pricing.cost import cost
from tianji.pricing.lookup import mode_of, price_of
from tianji.pricing.seed import table_from
from tianji.wire.neutral import Usage


def offer(provider: str, **fields: object) -> dict[str, object]:
    return {"litellm_provider": provider, "input_cost_per_token": 1e-6} | fields


CATALOG = Catalog(
    table_from(
        {
            "gpt-x": offer(
                "openai",
                max_input_tokens=1000,
                max_output_tokens=100,
                cache_read_input_token_cost=1e-7,
                input_cost_per_token_above_200k_tokens=2e-6,
                input_cost_per_token_batches=5e-7,
                output_cost_per_token=4e-6,
                supports_vision=True,
                mode="chat",
            ),
            "gpt-x-2025-01-01": offer("openai"),
            "ft:gpt-x": offer("openai"),
            "old-completion": offer("text-completion-openai"),
            "azure/gpt-x": offer("azure"),
            "claude-y-20250101": offer("anthropic"),
            "claude-y-20250601": offer("anthropic"),
            "vertex-bare": offer("vertex_ai-language-models"),
            "anthropic.claude-z-v1:0": offer("bedrock_converse"),
            "us.anthropic.claude-u-v1:0": offer("bedrock_converse"),
            "bedrock/eu-west-1/anthropic.claude-z-v1:0": offer("bedrock"),
            "openrouter/openai/gpt-x": offer("openrouter"),
            "dbu/only": {"litellm_provider": "dbu", "max_input_tokens": 5},
        },
        datetime.date(2026, 1, 2),
        "test",
    )
)


@pytest.mark.parametrize(
    ("provider", "model", "found"),
    [
        ("openai", "gpt-x", "gpt-x"),
        ("openai", "gpt-x-2025-01-01", "gpt-x-2025-01-01"),
        ("openai", "gpt-x-2029-12-31", "gpt-x"),
        ("openai", "gpt-x-latest", "gpt-x"),
        ("openai", "ft:gpt-x:our-org::id", "ft:gpt-x"),
        ("openai", "old-completion", "old-completion"),
        ("azure", "gpt-x", "azure/gpt-x"),
        ("azure", "azure/gpt-x", "azure/gpt-x"),
        ("anthropic", "claude-y-20250101", "claude-y-20250101"),
        ("anthropic", "claude-y-latest", "claude-y-20250601"),
        ("anthropic", "claude-y", "claude-y-20250601"),
        ("vertex_ai", "vertex-bare", "vertex-bare"),
        ("bedrock", "anthropic.claude-z-v1:0", "anthropic.claude-z-v1:0"),
        ("bedrock", "converse/anthropic.claude-z-v1:0", "anthropic.claude-z-v1:0"),
        ("bedrock", "eu.anthropic.claude-z-v1:0", "anthropic.claude-z-v1:0"),
        ("bedrock_converse", "us.anthropic.claude-u-v1:0", "us.anthropic.claude-u-v1:0"),
        ("bedrock", "eu-west-1/anthropic.claude-z-v1:0", "bedrock/eu-west-1/anthropic.claude-z-v1:0"),
        ("bedrock", "sa-east-1/us.anthropic.claude-z-v1:0", "anthropic.claude-z-v1:0"),
        (
            "bedrock",
            "converse/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-u-v1:0",
            "us.anthropic.claude-u-v1:0",
        ),
        ("openrouter", "openai/gpt-x", "openrouter/openai/gpt-x"),
    ],
)
def test_a_model_is_found_by_the_usual_spellings(provider, model, found):
    price = price_of(provider, model, catalog=CATALOG)

    assert (price.name, price.known) == (found, True)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("groq", "gpt-x"), ("openai", "nothing"), ("", ""), ("openai", "*"), ("azure", "mine")],
)
def test_an_unknown_model_is_marked_and_costs_nothing(provider, model):
    price = price_of(provider, model, catalog=CATALOG)

    assert price.known is False
    assert cost(Usage(input_tokens=10), price).total == 0


def test_the_base_model_names_what_an_azure_deployment_serves():
    for base in ("azure/gpt-x", "gpt-x"):
        price = price_of("azure", "my-deployment", {"base_model": base}, catalog=CATALOG)
        assert price.name == base


def test_a_region_of_the_deployment_has_its_own_price():
    price = price_of("bedrock", "anthropic.claude-z-v1:0", {"aws_region_name": "eu-west-1"}, catalog=CATALOG)

    assert price.name == "bedrock/eu-west-1/anthropic.claude-z-v1:0"


def test_prices_of_the_config_make_an_unknown_model_known():
    price = price_of(
        "openai",
        "self-hosted",
        {
            "input_cost_per_token": 0.0000015,
            "output_cost_per_token": "2e-6",
            "mode": "chat",
            "max_input_tokens": 8,
        },
        catalog=CATALOG,
    )

    assert price.known
    assert cost(Usage(input_tokens=2, output_tokens=1), price).total == D("0.000005")
    assert (price.mode, price.max_input_tokens, price.version) == ("chat", 8, CATALOG.version + "+config")


def test_an_input_price_of_the_config_holds_for_cached_long_and_batched_prompts_too():
    price = price_of("openai", "gpt-x", {"input_cost_per_token": 0}, catalog=CATALOG)

    usage = Usage(input_tokens=300_000, cache_read_tokens=1000, output_tokens=1)

    assert cost(usage, price, "batch").parts() == {"output": D("0.000004")}


def test_other_parts_of_the_table_stay_when_the_config_names_one():
    price = price_of(
        "openai",
        "gpt-x",
        {"cache_read_input_token_cost": 2e-7, "max_output_tokens": 50, "supports_vision": False},
        catalog=CATALOG,
    )

    assert price.rates(1) == {"input": D("1e-6"), "cache_read": D("2e-7"), "output": D("4e-6")}
    assert (price.max_input_tokens, price.max_output_tokens) == (1000, 50)
    assert price.supports("vision") is False


def test_nonsense_in_the_config_is_no_price():
    price = price_of("openai", "gpt-x", {"input_cost_per_token": "cheap", "mode": None}, catalog=CATALOG)

    assert price.rates(1)["input"] == D("1e-6")
    assert price.version == CATALOG.version


def test_an_entry_without_rates_still_tells_its_limits():
    price = price_of("dbu", "only", catalog=CATALOG)

    assert (price.known, price.max_input_tokens) == (False, 5)


@pytest.mark.parametrize(
    ("provider", "model", "rates"),
    [
        ("openai", "gpt-4o-mini", {"input": "0.15e-6", "cache_read": "0.075e-6", "output": "0.6e-6"}),
        (
            "anthropic",
            "claude-haiku-4-5",
            {
                "input": "1e-6",
                "cache_read": "0.1e-6",
                "cache_write": "1.25e-6",
                "cache_write_1h": "2e-6",
                "output": "5e-6",
            },
        ),
        ("azure", "gpt-4o-mini", {}),
        ("gemini", "gemini-2.5-pro", {"input": "1.25e-6", "output": "10e-6"}),
    ],
)
def test_the_shipped_table_knows_the_models_of_every_day(provider, model, rates):
    price = price_of(provider, model)

    assert price.known
    assert {name: D(rate) for name, rate in rates.items()}.items() <= price.rates(1).items()


def test_the_mode_of_a_model_is_the_config_s_or_the_table_s():
    assert mode_of("openai", "gpt-4o-mini", {}) == "chat"
    assert mode_of("openai", "gpt-4o-mini", {"mode": "responses"}) == "responses"
    assert mode_of("openai", "nobody-knows-it", {}) == ""


def test_a_model_of_many_deployments_is_sought_once(monkeypatch):
    sought = []
    find = Catalog.find
    monkeypatch.setattr(Catalog, "find", lambda self, name: sought.append(name) or find(self, name))

    prices = [price_of("openai", "a-model-of-this-test", {"rpm": number}) for number in range(3)]
    once = len(sought)
    price_of("openai", "a-model-of-this-test")
    other = price_of("openai", "a-model-of-this-test", {"base_model": "gpt-4o-mini"})

    assert not any(price.known for price in prices)
    assert sought[once:] == ["gpt-4o-mini"]
    assert other.name == "gpt-4o-mini"


@pytest.mark.parametrize(("provider", "name"), [("openai", "gpt-x"), ("azure", "azure/gpt-x")])
def test_a_model_that_is_asked_for_through_the_responses_api_costs_the_same(provider: str, name: str) -> None:
    assert price_of(provider, "responses/gpt-x", catalog=CATALOG).name == name
