"""A deployment made ready: everything about it that does not depend on a request."""

from __future__ import annotations

from msgspec import Struct

from tianji.domain.deployments import Deployment
from tianji.errors import Unavailable
from tianji.pricing.price import Price
from tianji.providers.contract import Upstream


class Target(Struct, frozen=True, kw_only=True, eq=False):
    """One deployment that a request may go to. Compared by identity."""

    deployment: Deployment
    """With its secrets opened and merged into `params`: never log it, never send it."""
    bound: Upstream | None
    """None where the deployment cannot be used as it is configured; `problem` says why."""
    problem: str
    price: Price
    weight: float
    """Its share among the deployments of its group; 0 means: only when nothing else is left."""
    order: int
    """Lower ones are tried first (`order` in the config)."""
    tags: frozenset[str]
    rpm: int | None
    tpm: int | None
    max_parallel_requests: int | None
    timeout_s: float
    stream_timeout_s: float
    """Until the first byte of a stream; `timeout_s` bounds plain answers."""

    @property
    def id(self) -> str:
        """The deployment's id, as in `x-litellm-model-id`."""
        return self.deployment.id

    @property
    def upstream(self) -> Upstream:
        """The bound upstream. Raises Unavailable, saying why, for a deployment that has none."""
        if self.bound is None:
            raise Unavailable(f"deployment {self.deployment.id} cannot be used: {self.problem}")
        return self.bound
