"""A whole answer to a request for a stream: told to the client as the stream it asked for."""

from __future__ import annotations

from tianji.errors import BadRequest, UpstreamError
from tianji.providers.contract import Canned
from tianji.providers.dialects.openai_chat.errors import inside
from tianji.wire.neutral import Answer, Ask, Event
from tianji.wire.unfold import unfold
from tianji_gateway.flow.call import Opened, Whole
from tianji_gateway.flow.follow import Follower, Translated
from tianji_gateway.flow.receive import Inference
from tianji_gateway.snapshot.model import Target
from tianji_gateway.upstream.canned import Recital


def retold(whole: Whole, inference: Inference, target: Target) -> tuple[Opened, Follower]:
    """Return a stream that has begun, with all of the answer. Raises UpstreamError where it tells of one."""
    ask, provider = _ask(inference), target.deployment.provider
    try:
        answer = target.upstream.response(whole.body, ask)
    except UpstreamError as fault:
        raise inside(provider, whole.body) or fault from None
    encoder = inference.front.encoder(ask, model=inference.model)
    follower = Translated(_Unfolded(answer), encoder, provider)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in whole.headers}
    return Opened(Recital(Canned((), headers=headers)), follower.feed(b"")), follower


def _ask(inference: Inference) -> Ask:
    """Return the request; what could be passed on unread need not be readable, and is still answered."""
    try:
        return inference.read()
    except BadRequest:
        return Ask(inference.model, stream=True, front=inference.front.name)


class _Unfolded:
    """Decodes what is decoded already."""

    def __init__(self, answer: Answer) -> None:
        self.complete = False
        self._answer = answer

    def feed(self, chunk: bytes) -> list[Event]:
        """Return all events at once."""
        self.complete = True
        return list(unfold(self._answer))

    def close(self) -> list[Event]:
        """Return nothing: all is told."""
        return []
