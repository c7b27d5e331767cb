"""Finds a provider by its name: a module, an entry point, or a row of the table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, cast

from tianji.domain.deployments import Deployment
from tianji.plugins.family import Family
from tianji.providers import _openai_compatible
from tianji.providers.contract import Profile, Provider, Upstream

FAMILY = Family("tianji.providers", "provider")


@cache
def _rows() -> dict[str, _openai_compatible.Row]:
    table = tomllib.loads(files("tianji.providers").joinpath("table.toml").read_text())
    return {name: _openai_compatible.read_row(name, row) for name, row in table.items()}


def names() -> list[str]:
    """Return the names of all providers."""
    return sorted({*FAMILY.names, *_rows()})


def provider(name: str) -> Provider:
    """Return the provider called `name`. Raises BadRequest naming the nearest one that is known.

    What it gives out answers by itself for deployments with a `mock_response`.
    """
    row = _rows().get(name)
    if row is not None:
        return cast(
            Provider,
            SimpleNamespace(bind=_mocked(lambda one, options: _openai_compatible.bind(row, one, options))),
        )
    if name not in FAMILY:
        raise FAMILY.unknown(name, names())
    return cast(Provider, SimpleNamespace(bind=_mocked(FAMILY.load(name).bind)))


def profile(name: str) -> Profile:
    """Return what the provider called `name` declares of itself."""
    row = _rows().get(name)
    return _openai_compatible.profile(name, row) if row is not None else FAMILY.load(name).PROFILE


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment to its provider."""
    return provider(deployment.provider).bind(deployment, options)


def _mocked(bind_to_provider: Any) -> Any:
    def bind_or_mock(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
        if deployment.params.get("mock_response") is not None:
            return cast(Upstream, FAMILY.load("mock").bind(deployment, options))
        return cast(Upstream, bind_to_provider(deployment, options))

    return bind_or_mock
