"""The models that a wildcard stands for."""

from __future__ import annotations

import pytest

from tianji.domain.deployments import Deployment
from tianji.pricing.price import Price
from tianji_gateway.routing.candidates import Pattern
from tianji_gateway.routing.known import names_of
from tianji_gateway.snapshot.target import Target


def named(name: str, provider: str, model: str) -> list[str]:
    target = Target(
        deployment=Deployment(id="d", model_name=name, provider=provider, model=model),
        bound=None,
        problem="",
        price=Price(known=False),
        weight=1.0,
        order=0,
        tags=frozenset(),
        timeout_s=1.0,
        stream_timeout_s=1.0,
    )
    return list(names_of(Pattern.of(name, (target,))))


@pytest.mark.parametrize(
    ("name", "provider", "model", "one"),
    [
        ("openai/*", "openai", "*", "openai/gpt-4o"),
        ("mine-*", "openai", "gpt-*", "mine-4o"),
        ("*", "", "*", "anthropic/claude-sonnet-4-5"),
    ],
)
def test_a_wildcard_stands_for_the_models_of_its_provider(
    name: str, provider: str, model: str, one: str
) -> None:
    found = named(name, provider, model)

    assert one in found
    assert not [other for other in found if "*" in other]


def test_a_wildcard_in_front_of_one_model_stands_for_none_that_is_known() -> None:
    assert named("claude*", "anthropic", "claude-sonnet-4-5") == []


def test_a_provider_without_known_models_has_none() -> None:
    assert named("own/*", "hosted_vllm", "*") == []
