"""`mock_response` in a request: the client says what the answer is to be, and no provider is asked."""

from __future__ import annotations

from msgspec import structs

from tianji.providers import mock
from tianji_gateway.flow.admit import Grant
from tianji_gateway.flow.receive import Inference, value_of
from tianji_gateway.snapshot.model import Target

FIELDS = ("mock_response", "mock_delay")


def canned(inference: Inference, grant: Grant) -> Grant:
    """Have the deployments answer with what the request says, if it does. Raises BadRequest."""
    if "mock_response" not in inference.fields:
        return grant
    said = {name: value for name in FIELDS if (value := value_of(inference.fields, name)) is not None}
    if "mock_response" not in said:
        return grant
    targets = tuple(_with(said, target) for target in grant.targets)
    return structs.replace(grant, targets=targets, canned=True)


def _with(said: dict[str, object], target: Target) -> Target:
    deployment = structs.replace(target.deployment, params=target.deployment.params | said)
    return structs.replace(target, bound=mock.bind(deployment, {}))
