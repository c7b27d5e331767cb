"""A deployment made ready: everything about it that does not depend on a request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import force_setattr

from tianji.domain.deployments import Deployment
from tianji.errors import Unavailable
from tianji.limits.contract import Chain
from tianji.pricing.ceiling import Ceilings
from tianji.pricing.price import Price
from tianji.providers.contract import Upstream
from tianji_gateway.snapshot.params import count_of

_LIMITS = ("max_tokens", "max_completion_tokens")
_NO_CEILINGS = Ceilings(Price(known=False))
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")


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
    timeout_s: float
    stream_timeout_s: float
    """Until the first byte of a stream; `timeout_s` bounds plain answers."""
    chain: Chain | None = None
    """What it and its provider are held to; None for nothing."""

    # Worked out here once:

    headers: tuple[tuple[bytes, bytes], ...] = ()
    """What its answers say of it."""
    ceilings: Ceilings = _NO_CEILINGS
    """What its price comes to at most."""
    usual_output: int | None = None
    """The most tokens of an answer that it asks for itself, where a request says nothing."""

    def __post_init__(self) -> None:
        force_setattr(self, "headers", tuple(_headers(self.deployment)))
        force_setattr(self, "ceilings", Ceilings(self.price))
        force_setattr(self, "usual_output", _usual_output(self.deployment))

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


def _usual_output(deployment: Deployment) -> int | None:
    params = deployment.params
    dropped = params.get("additional_drop_params")
    said = [
        most
        for name in _LIMITS
        if (most := count_of(params.get(name))) and not (isinstance(dropped, list) and name in dropped)
    ]
    return max(said, default=None)


def _headers(deployment: Deployment) -> Iterator[tuple[bytes, bytes]]:
    yield b"x-litellm-model-id", header_value(deployment.id)
    api_base = deployment.params.get("api_base")
    if isinstance(api_base, str) and "@" not in api_base:
        yield b"x-litellm-model-api-base", header_value(api_base)


def header_value(text: str) -> bytes:
    """Return a text as a header may hold it: no line breaks, nothing beyond Latin-1."""
    if text.isascii() and text.isprintable():
        return text.encode()
    return _UNSAFE.sub("?", text).encode("latin-1", "replace")
