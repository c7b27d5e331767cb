"""`Inference` and deployment to an upstream request: passed on where both speak the same format."""

from __future__ import annotations

from msgspec import Struct

from tianji.providers.contract import UpstreamRequest
from tianji_gateway.flow.follow import Follower, Translated, Untouched
from tianji_gateway.flow.receive import Inference, object_of
from tianji_gateway.snapshot.model import Target


class Translation(Struct):
    """A request as one deployment gets it."""

    request: UpstreamRequest
    same: bool
    """Whether the answer's bytes pass untouched."""


def translate(inference: Inference, target: Target) -> Translation:
    """Return the upstream request. Raises BadRequest for what this deployment cannot take."""
    upstream, front = target.upstream, inference.front.name
    if front in upstream.speaks:
        return Translation(upstream.forward(front, inference.fields, stream=inference.stream), True)
    return Translation(upstream.request(inference.read()), False)


def follower(inference: Inference, target: Target, *, same: bool) -> Follower:
    """Start to follow the stream that answers a translated request."""
    provider = target.deployment.provider
    if same:
        return Untouched(inference.front.watch(hide_usage=not _wants_usage(inference)), provider)
    ask = inference.read()
    return Translated(
        target.upstream.stream(ask), inference.front.encoder(ask, model=inference.model), provider
    )


def _wants_usage(inference: Inference) -> bool:
    return bool(object_of(inference.fields, "stream_options").get("include_usage"))
