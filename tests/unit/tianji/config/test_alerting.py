"""Which alerts a config asks for in vain."""

from __future__ import annotations

from tianji.config import parse


def told(general: str) -> list[str]:
    found = parse(f"general_settings: {general}", "c.yaml", {"HOOK": "https://example.org/x"})
    return [f"{one.severity} {one.path}: {one.message}" for one in found.problems]


def test_alerts_of_budgets_by_slack_and_webhook_are_sent() -> None:
    addresses = "alert_to_webhook_url: {budget_alerts: os.environ/HOOK}"
    assert told("{alerting: [slack, webhook], alert_types: [budget_alerts], " + addresses + "}") == []


def test_other_channels_and_types_are_named() -> None:
    assert told("{alerting: [ms_teams, slack]}") == [
        "warning general_settings.alerting: no alert goes to ms_teams, slack, webhook, email work; "
        "alerts of the type budget_alerts are sent, those of other types are not",
    ]
    asked = "{alert_types: [llm_too_slow, budget_alerts], alert_to_webhook_url: {db_exceptions: http://x}}"
    assert told(asked) == [
        "warning general_settings.alert_types: no alert of the type llm_too_slow is sent; "
        "budget_alerts works",
        "warning general_settings.alert_to_webhook_url: no alert of the type db_exceptions is sent; "
        "budget_alerts works",
    ]


def test_no_alerting_is_nothing_to_speak_of() -> None:
    assert told("{alerting: []}") == []
    assert told("{alerting: null}") == []
