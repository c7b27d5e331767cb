"""Models that are known to be there."""

from __future__ import annotations

from tianji.pricing.known import known_models, known_providers


def test_a_provider_has_the_models_that_talk_by_its_own_names() -> None:
    openai = known_models("openai")

    assert "gpt-4o-mini" in openai
    assert not [name for name in openai if name.startswith(("ft:", "dall-e", "text-embedding", "openai/"))]
    assert "claude-sonnet-4-5" in known_models("anthropic")


def test_providers_that_are_one_share_their_models() -> None:
    assert known_models("vertex_ai_beta") == known_models("vertex_ai") != ()


def test_an_unknown_provider_has_none() -> None:
    assert known_models("nobody") == ()
    assert "nobody" not in known_providers()
