"""Which budgets of a config limit nothing, or never begin anew."""

from __future__ import annotations

import pytest

from tianji.config import parse


def told(text: str) -> list[str]:
    return [f"{one.line} {one.path}: {one.message}" for one in parse(text, "c.yaml", {}).problems]


GOOD = """
model_list:
- model_name: m
  litellm_params: {model: openai/m, api_key: sk-x, max_budget: 0, budget_duration: 1d}
litellm_settings:
  max_budget: 100
  budget_duration: monthly
  max_end_user_budget: 0.5
  timezone: Asia/Tokyo
  budget_reset_time: "06:30"
  tag_budget_config: {a: {max_budget: 1, budget_duration: 2w}}
  default_internal_user_params: {max_budget: null, budget_duration: 30d}
router_settings:
  provider_budget_config: {openai: {budget_limit: 5, time_period: 1d, tpd_limit: 10}}
"""


def test_budgets_as_litellm_spells_them_are_taken() -> None:
    assert told(GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad", "path", "words"),
    [
        ("max_budget: 100", "max_budget: -5", "litellm_settings.max_budget", "limits nothing"),
        ("max_end_user_budget: 0.5", "max_end_user_budget: -1", ".max_end_user_budget", "limits nothing"),
        ("budget_duration: monthly", "budget_duration: soon", ".budget_duration", "never begins anew"),
        ("budget_duration: monthly", "budget_duration: 0d", ".budget_duration", "more than 0"),
        ("timezone: Asia/Tokyo", "timezone: Mars/Olympus", ".timezone", "midnight of UTC"),
        ('"06:30"', '"25:99"', ".budget_reset_time", "midnight"),
        ("{a: {max_budget: 1", "{a: {max_budget: -1", ".tag_budget_config.a.max_budget", "limits nothing"),
        ("duration: 2w", "duration: x", ".tag_budget_config.a.budget_duration", "never begins anew"),
        ("duration: 30d", "duration: x", "default_internal_user_params.budget_duration", "never"),
        ("budget_limit: 5", "budget_limit: -5", ".openai.budget_limit", "limits nothing"),
        ("time_period: 1d", "time_period: x", ".openai.time_period", "never begins anew"),
        ("max_budget: 0,", "max_budget: -1,", "model_list[0].litellm_params.max_budget", "limits nothing"),
        ("duration: 1d}\nl", "duration: x}\nl", "litellm_params.budget_duration", "never begins anew"),
    ],
)
def test_a_budget_that_is_not_kept_as_written_is_named(good: str, bad: str, path: str, words: str) -> None:
    assert good in GOOD
    [found] = told(GOOD.replace(good, bad))
    place, _, said = found.partition(": ")
    assert place.endswith(path) and words in said
    assert int(place.split()[0]) > 1
