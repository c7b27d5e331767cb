"""Says which of OpenAI's models are reached by the Responses API whatever the client speaks."""

from __future__ import annotations

from tianji.domain.deployments import Deployment
from tianji.pricing.lookup import mode_of

_PREFIX = "responses/"


def without_prefix(model: str) -> str:
    """Return a model's name without the `responses/` that a config may put in front of it."""
    return model.removeprefix(_PREFIX)


def only_responses(deployment: Deployment, kind: str | None = None) -> bool:
    """Say whether a deployment has no chat completions: its name or its `mode` says so.

    `kind` is a model's name that says what it is, where the deployment's own does not.
    """
    if deployment.model.startswith(_PREFIX):
        return True
    if deployment.params.get("use_chat_completions_api"):
        return False
    said = deployment.params | deployment.info
    return mode_of(deployment.provider, kind or deployment.model, said) == "responses"
