"""Which priorities of a config reserve nothing."""

from __future__ import annotations

from tianji.config import parse


def told(terms: str, callbacks: str = "[dynamic_rate_limiter_v3]") -> list[str]:
    text = f"litellm_settings: {{priority_reservation: {terms}, callbacks: {callbacks}}}"
    return [f"{one.severity} {one.path}: {one.message}" for one in parse(text, "c.yaml", {}).problems]


def test_shares_and_numbers_are_taken() -> None:
    assert told("{prod: 0.9, dev: {type: rpm, value: 10}, none: 0}") == []
    assert told("{prod: 0.9}", "dynamic_rate_limiter") == []
    assert told("{}", "[]") == []


def test_what_reserves_nothing_is_named() -> None:
    where = "warning litellm_settings.priority_reservation: "
    assert told("{prod: 0.9}", "[]") == [
        where + "nothing is reserved without callbacks: [dynamic_rate_limiter_v3]"
    ]
    assert told("{prod: much, dev: {type: rps, value: 3}, low: -1}") == [
        where + "nothing is reserved for prod: it must be a share such as 0.9, or type and value",
        where + "dev has the type 'rps', and is taken for percent; types are percent, rpm, tpm",
        where + "nothing is reserved for low: it must be a share such as 0.9, or type and value",
    ]
