"""Amazon's Nova, tuned by its owner and deployed on SageMaker: chat completions with fields of Nova's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers import _sagemaker
from tianji.providers.contract import Profile, Upstream, features

PROFILE = Profile(
    title="Amazon SageMaker (Nova)",
    page="https://docs.aws.amazon.com/nova/latest/nova2-userguide/nova-sagemaker-inference-api-reference.html",
    example="sagemaker_nova/my-nova-endpoint",
    settings=_sagemaker.SETTINGS,
    supports=features("stream vision reasoning logprobs stop"),
    notes="`top_k`, `reasoning_effort`, `allowed_token_ids` and `truncate_prompt_tokens` are passed on.",
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of Nova on SageMaker."""
    return _sagemaker.connect(PROFILE, deployment, options)
