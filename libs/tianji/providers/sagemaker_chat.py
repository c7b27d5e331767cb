"""Endpoints on SageMaker whose container speaks OpenAI's chat completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers import _sagemaker
from tianji.providers.contract import Profile, Upstream, features

PROFILE = Profile(
    title="Amazon SageMaker (chat)",
    page=_sagemaker.PAGE,
    example="sagemaker_chat/my-endpoint",
    settings=_sagemaker.SETTINGS,
    supports=features("stream tools parallel_tools tool_choice vision json_object json_schema seed stop"),
    notes="What an endpoint really takes depends on its container and its model.",
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of such an endpoint."""
    return _sagemaker.connect(PROFILE, deployment, options)
