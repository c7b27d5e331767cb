"""Requests in Anthropic's own form that ask more than the model behind the name has."""

import json
from typing import Any

import pytest

from tianji.providers.dialects.anthropic.betas import served

MODERN = {
    "max_tokens": 32000,
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "high"},
    "messages": [
        {"role": "user", "content": "Read the note."},
        {"role": "system", "content": "These agents can be used: none."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Read", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "word"}]},
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
    ],
}


@pytest.fixture
def passed_on(bound, fields):
    """Pass a request on to a Claude model and return the body that arrives."""

    def send(model: str, provider: str = "anthropic", **body: Any) -> dict[str, Any]:
        upstream = bound(provider, model, api_key="k")
        return json.loads(upstream.forward("messages", fields(**MODERN | body), stream=True).body)

    return send


def test_what_only_newer_models_have_is_put_into_the_words_of_the_older(passed_on):
    body = passed_on("claude-sonnet-4-5")

    assert body["thinking"] == {"type": "enabled", "budget_tokens": 4096}
    assert "output_config" not in body
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    first, last = body["messages"][0]["content"], body["messages"][2]["content"]
    assert [block["text"] for block in first] == [
        "Read the note.",
        "<system-reminder>\nThese agents can be used: none.\n</system-reminder>",
    ]
    assert [block["type"] for block in last] == ["tool_result", "text"]


def test_a_newer_model_gets_all_as_it_came(passed_on, fields):
    assert passed_on("claude-opus-4-8") == {**MODERN, "model": "claude-opus-4-8"}


def test_a_model_that_the_table_does_not_know_gets_all_as_it_came(passed_on):
    assert passed_on("claude-of-tomorrow") == {**MODERN, "model": "claude-of-tomorrow"}


def test_a_budget_becomes_adaptive_where_no_budget_is_taken(passed_on):
    thinking = {"type": "enabled", "budget_tokens": 31999, "display": "summarized"}

    body = passed_on("claude-opus-4-8", thinking=thinking)

    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}


def test_other_settings_of_the_output_stay(passed_on):
    shape = {"type": "json_schema", "schema": {"type": "object"}}

    body = passed_on("claude-sonnet-4-5", output_config={"effort": "low", "format": shape})

    assert body["output_config"] == {"format": shape}


def test_a_cloud_is_asked_for_no_beta_that_it_does_not_know():
    asked = "claude-code-20250219,context-management-2025-06-27,advanced-tool-use-2025-11-20"

    assert served("anthropic", asked, asked) == asked
    assert served("vertex_ai", asked) == "context-management-2025-06-27,tool-search-tool-2025-10-19"
    assert served("azure_ai", "claude-code-20250219") == ""
