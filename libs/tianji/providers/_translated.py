"""What binding a deployment has in common where its provider speaks a form of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import Params, environment, read_params
from tianji.providers.contract import Profile


class Reached(Struct):
    """Where a provider is, and what opens it."""

    base: str
    key: str
    headers: dict[str, str]
    rules: Params
    said: dict[str, str]
    """All settings, as far as they are said."""


def reach(
    profile: Profile, deployment: Deployment, options: Mapping[str, Any], apart: Collection[str] = ()
) -> Reached:
    """Read `api_base`, `api_key`, which becomes a bearer token, and the other settings of a profile.

    `apart` names settings that would else be taken for fields of a request.
    """
    rules = read_params(deployment, options, apart)
    said = _credentials.read_settings(profile, deployment, environment(options))
    key = said.get("api_key", "")
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    return Reached(said["api_base"], key, headers | rules.headers, rules, said)
