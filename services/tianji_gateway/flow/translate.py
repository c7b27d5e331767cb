"""`Inference` and deployment to an upstream request: passed on where both speak the same format."""

from __future__ import annotations

from copy import copy

from msgspec import Struct
from msgspec.structs import replace

from tianji.providers._thinking import refuses_thinking
from tianji.providers.contract import UpstreamRequest
from tianji.providers.dialects.anthropic.betas import served
from tianji.wire.chat.parts import DIALECT as CHAT
from tianji_gateway.flow.follow import Follower, Translated, Untouched
from tianji_gateway.flow.receive import Inference, object_of
from tianji_gateway.snapshot.model import Target

_BETAS = b"anthropic-beta"
_THOUGHTLESS = "dropped thinking: this model does not think"


class Translation(Struct):
    """A request as one deployment gets it."""

    request: UpstreamRequest
    same: bool
    """Whether the answer's bytes pass untouched."""


def translate(inference: Inference, target: Target) -> Translation:
    """Return the upstream request. Raises BadRequest for what this deployment cannot take."""
    upstream, front = target.upstream, inference.front.name
    if front in upstream.speaks:
        request = upstream.forward(front, inference.fields, stream=inference.stream)
        if front == "messages":
            _pass_betas(inference, request, target.deployment.provider)
        return Translation(request, True)
    ask = inference.read()
    if (
        front == CHAT
        or ask.thinking is None
        or not refuses_thinking(target.deployment.provider, target.price)
    ):
        return Translation(upstream.request(ask), False)
    thoughtless = copy(ask)  # the next deployment may think
    thoughtless.thinking = None
    request = upstream.request(thoughtless)
    return Translation(replace(request, warnings=(*request.warnings, _THOUGHTLESS)), False)


def follower(inference: Inference, target: Target, *, same: bool) -> Follower:
    """Start to follow the stream that answers a translated request."""
    provider = target.deployment.provider
    if same:
        return Untouched(inference.front.watch(hide_usage=not _wants_usage(inference)), provider)
    ask = inference.read()
    return Translated(
        target.upstream.stream(ask), inference.front.encoder(ask, model=inference.model), provider
    )


def _pass_betas(inference: Inference, request: UpstreamRequest, provider: str) -> None:
    """Ask the provider for the betas that the client asked for, beside those it is known to need."""
    asked = inference.call.header(_BETAS)
    if asked:
        name = _BETAS.decode()
        if betas := served(provider, request.headers.get(name, ""), asked):
            request.headers[name] = betas


def _wants_usage(inference: Inference) -> bool:
    return bool(object_of(inference.fields, "stream_options").get("include_usage"))
