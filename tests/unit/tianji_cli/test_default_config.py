"""The config of a system that was started without one."""

from __future__ import annotations

from tianji.config import parse
from tianji_cli.default_config import DEMO_MODEL, default_config


def models(environ):
    loaded = parse(default_config(environ), "default_config.yaml", environ)
    assert loaded.problems == []
    return [model.model_name for model in loaded.models]


def test_without_any_key_the_demo_model_answers():
    assert models({}) == [DEMO_MODEL]


def test_providers_join_by_the_keys_in_the_environment():
    environ = {"OPENAI_API_KEY": "sk-x", "ANTHROPIC_API_KEY": "sk-y"}

    assert models(environ) == [DEMO_MODEL, "openai/*", "anthropic/*"]
    assert "sk-x" not in default_config(environ)


def test_azure_needs_its_address_too():
    assert models({"AZURE_API_KEY": "x"}) == [DEMO_MODEL]
    assert models({"AZURE_API_KEY": "x", "AZURE_API_BASE": "https://x.test"}) == [DEMO_MODEL, "azure/*"]
