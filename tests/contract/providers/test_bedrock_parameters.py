"""Parameters on their way to Bedrock: each vendor is asked in its own words."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tianji.errors import UnsupportedParameter
from tianji.wire.neutral import Thinking
from tianji_testkit.bedrock import KEYS, LLAMA, NOVA, NOVA_2, SONNET, Sent, ask, sender


@pytest.fixture
def sent(bound: Callable[..., Any]) -> Sent:
    return sender(bound)


@pytest.mark.parametrize(
    ("model", "thinking", "own"),
    [
        (SONNET, Thinking(effort="low"), {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        (
            SONNET,
            Thinking(enabled=True, budget_tokens=2000),
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
        ),
        (
            "us.anthropic.claude-sonnet-4-6",
            Thinking(effort="high"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        ),
        (
            NOVA_2,
            Thinking(effort="low"),
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
        ),
        ("openai.gpt-oss-120b-1:0", Thinking(effort="minimal"), {"reasoning_effort": "low"}),
        ("qwen.qwen3-32b-v1:0", Thinking(effort="high"), {"reasoning_config": "high"}),
        (SONNET, Thinking(effort="none"), None),
    ],
)
def test_each_vendor_is_told_in_its_own_words_how_much_to_think(
    sent: Sent, model: str, thinking: Thinking, own: Any
):
    assert sent(ask(thinking=thinking), model).get("additionalModelRequestFields") == own


def test_nova_takes_no_limits_at_its_highest_effort(sent: Sent):
    body = sent(ask(thinking=Thinking(effort="high"), max_tokens=10, temperature=0.1), NOVA_2)

    assert "inferenceConfig" not in body


def test_a_model_that_does_not_think_refuses_an_effort_unless_such_are_dropped(sent: Sent):
    with pytest.raises(UnsupportedParameter, match="reasoning_effort"):
        sent(ask(thinking=Thinking(effort="low")), LLAMA)

    sent(ask(thinking=Thinking(effort="low")), LLAMA, drop_params=True)


@pytest.mark.parametrize(
    ("model", "own"),
    [(SONNET, {"top_k": 5}), (NOVA, {"inferenceConfig": {"topK": 5}}), ("cohere.command-r-v1:0", {"k": 5})],
)
def test_top_k_goes_where_the_vendor_takes_it(sent: Sent, model: str, own: Any):
    assert sent(ask(top_k=5), model)["additionalModelRequestFields"] == own


def test_parameters_that_nobody_has_are_refused_or_dropped(sent: Sent):
    with pytest.raises(UnsupportedParameter, match="seed"):
        sent(ask(seed=1))

    assert sent(ask(seed=1), drop_params=True).keys() == {"messages"}


def test_fields_of_converse_itself_are_passed_on(sent: Sent):
    guard = {"guardrailIdentifier": "abc", "guardrailVersion": "1", "trace": "enabled"}
    body = sent(
        ask(
            extra={
                "performanceConfig": {"latency": "optimized"},
                "additionalModelRequestFields": {"a": 1},
                "requestMetadata": {"team": "x"},
                "top_a": 2,
            },
            service_tier="priority",
        ),
        guardrailConfig=guard,
    )

    assert body["guardrailConfig"] == guard
    assert body["performanceConfig"] == {"latency": "optimized"}
    assert body["serviceTier"] == {"type": "priority"}
    assert body["requestMetadata"] == {"team": "x"}
    assert body["additionalModelRequestFields"] == {"a": 1, "top_a": 2}


@pytest.mark.parametrize("front", ["chat", "messages", "responses", "generate_content"])
def test_the_guardrail_of_a_deployment_holds_for_every_client_format(
    sent: Sent, bound: Callable[..., Any], front: str
):
    guard = {"guardrailIdentifier": "abc", "guardrailVersion": "1", "trace": "enabled"}

    assert sent(ask(front=front), guardrailConfig=guard)["guardrailConfig"] == guard
    invoked = bound("bedrock", f"invoke/{SONNET}", **KEYS, guardrailConfig=guard).request(ask(front=front))
    assert b"guardrail" not in invoked.body
    assert invoked.headers["x-amzn-bedrock-guardrailidentifier"] == "abc"
    assert invoked.headers["x-amzn-bedrock-guardrailversion"] == "1"
    assert invoked.headers["x-amzn-bedrock-trace"] == "ENABLED"


def test_what_only_claude_knows_goes_to_claude_alone(sent: Sent):
    request = ask(front="messages", extra={"context_management": {"edits": []}})

    assert sent(request)["additionalModelRequestFields"] == {
        "context_management": {"edits": []},
        "anthropic_beta": ["context-management-2025-06-27"],
    }
    assert "additionalModelRequestFields" not in sent(request, NOVA)


def test_a_profile_that_does_not_tell_its_model_is_taken_for_claude_where_claudes_words_are_used(
    sent: Sent,
):
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    switch = Thinking(enabled=True, budget_tokens=2048)

    body = sent(ask(front="messages", thinking=switch, extra={"context_management": {}}), profile)

    assert body["additionalModelRequestFields"] == {
        "context_management": {},
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "anthropic_beta": ["context-management-2025-06-27"],
    }


def test_what_a_client_says_of_credentials_is_not_passed_on(sent: Sent):
    assert sent(ask(extra={"aws_secret_access_key": "x", "aws_region_name": "y"})).keys() == {"messages"}


def test_betas_of_the_deployment_go_into_the_body(sent: Sent, bound: Callable[..., Any]):
    headers = {"anthropic-beta": "context-1m-2025-08-07", "x-team": "a"}
    request = bound("bedrock", SONNET, **KEYS, extra_headers=headers).request(ask())

    assert json.loads(request.body)["additionalModelRequestFields"]["anthropic_beta"] == [
        "context-1m-2025-08-07"
    ]
    assert "anthropic-beta" not in request.headers
    assert request.headers["x-team"] == "a"
