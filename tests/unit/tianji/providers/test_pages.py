"""The pages of docs/providers say what the providers declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers import names, profile, provider, split_model
from tianji.providers._pages import pages

FOLDER = Path(__file__).parents[4] / "docs/providers"


def test_every_page_says_what_its_provider_declares() -> None:
    committed = {path.name: path.read_text() for path in FOLDER.glob("*.md")}

    assert committed == pages(), "run `make docs`"


@pytest.mark.parametrize("name", names())
def test_the_example_of_a_page_is_a_model_of_that_provider(name: str) -> None:
    named, _ = split_model(profile(name).example, {})

    assert name in (named, named.replace("-", "_"))


@pytest.mark.parametrize("name", names())
def test_a_provider_asks_for_what_its_page_calls_required_and_for_nothing_that_it_does_not_name(
    name: str,
) -> None:
    one = profile(name)
    required = [setting.name for setting in one.settings if setting.required]
    deployment = Deployment(
        id="d", model_name="m", provider=name, model=one.example.partition("/")[2], source="file"
    )
    if required:
        with pytest.raises(BadRequest, match=required[0]):
            provider(name).bind(deployment, {"environment": {}})
        return
    try:
        provider(name).bind(deployment, {"environment": {}})
    except BadRequest as error:  # one of several settings must be there, none of them always
        assert any(setting.name in error.message for setting in one.settings)
