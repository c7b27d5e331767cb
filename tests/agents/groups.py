"""The models that agents ask for: one of each dialect, and some whose requests are written differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents.clis import AGENTS

from tianji_testkit.scripted import SERVED, ScriptedProviders, Served

GROUPS: Mapping[str, tuple[str, Served]] = {
    **{name: (name, served) for name, served in SERVED.items()},
    "newest_claude": ("anthropic", replace(SERVED["anthropic"], model="claude-opus-4-8")),
    "nova": ("bedrock", replace(SERVED["bedrock"], model="amazon.nova-pro-v1:0")),
    "only_responses": ("openai", replace(SERVED["openai"], model="responses/gpt-5-mini")),
}
"""By the name that clients use: the dialect, and how the gateway is told of the provider."""


def config(providers: ScriptedProviders) -> dict[str, Any]:
    """Return the config of a gateway with all groups, each also under names that the agents know."""
    models = []
    for name, (dialect, served) in GROUPS.items():
        params = {k: v for k, v in served.params(providers.url(dialect)).items() if v is not None}
        params["model"] = f"{served.provider}/{served.model}"
        for group in (name, *(f"{agent.known}-{name}" for agent in AGENTS)):
            models.append({"model_name": group, "litellm_params": params})
    return {"model_list": models, "router_settings": {"num_retries": 0}}
