"""What a gateway process loads: of providers only those that it has deployments of."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from tianji.providers import names

_BINDING = """
import json, sys
import tianji_gateway.serve
from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers import bind
before = sorted(sys.modules)
said = {"api_key": "key", "api_base": "http://127.0.0.1:9", "aws_region_name": "us-east-1",
        "vertex_project": "project", "vertex_location": "us-east5", "api_version": "2024-10-21"}
for name in NAMES:
    made = Deployment(id=name, model_name=name, provider=name, model="model", params=said, source="file")
    try:
        bind(made, {})
    except BadRequest:
        pass
print(json.dumps([before, sorted(sys.modules)]))
"""
_SHARED_DIALECTS = {"openai_chat", "responses"}
"""What rows of the table need, which any deployment may be."""
_HEAVY = ("azure", "boto3", "botocore", "google.auth")


def _loaded(*providers: str) -> tuple[set[str], set[str]]:
    """Return the modules of a process that has started, and when it has bound such deployments."""
    program = _BINDING.replace("NAMES", repr(list(providers)))
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    before, after = msgspec.json.decode(printed)
    return set(before), set(after)


def _providers(modules: set[str]) -> set[str]:
    found = {name.split(".")[2] for name in modules if name.startswith("tianji.providers.")}
    return {name for name in found if not name.startswith("_")} - {"auth", "contract", "dialects", "mock"}


def _dialects(modules: set[str]) -> set[str]:
    """Return the dialects that can be translated to or from; a constant of another one may be known."""
    parts = (name.split(".") for name in modules if name.startswith("tianji.providers.dialects."))
    return {one[3] for one in parts if one[-1] in ("request", "answer", "stream", "upstream")}


def _heavy(modules: set[str]) -> list[str]:
    return [one for one in modules if one in _HEAVY or one.startswith(tuple(f"{name}." for name in _HEAVY))]


def test_a_gateway_starts_without_providers_and_loads_those_that_are_bound():
    started, bound = _loaded("openai", "together_ai")

    assert _providers(started) == set()
    assert _dialects(started) <= _SHARED_DIALECTS
    assert _providers(bound) == {"openai"}
    assert _dialects(bound) <= _SHARED_DIALECTS


def test_binding_every_provider_loads_no_vendor_s_library():
    started, bound = _loaded(*names())

    assert {"anthropic", "bedrock", "gemini", "vertex_ai"} <= _providers(bound)
    assert _heavy(started) == _heavy(bound) == []


def test_the_process_that_starts_the_workers_loads_no_client_of_redis():
    started, _ = _loaded()

    assert "tianji_gateway.process" in started
    assert not {name for name in started if name.split(".")[0] == "redis"}
