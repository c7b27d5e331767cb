"""What reading and writing take of a piece of a stream, measured in this process: no socket, no server."""

from __future__ import annotations

import time

from bench.speed.crossings import DEPLOYMENTS, REQUIRED, Crossing
from bench.speed.streams import PIECES, STREAMS, Stream

from tianji.domain.deployments import Deployment
from tianji.providers import bind, split_model
from tianji.wire.chat import ChatFront
from tianji.wire.front import Front
from tianji.wire.generate_content import GenerateContentFront
from tianji.wire.messages import MessagesFront
from tianji.wire.neutral import Ask, Text, Turn
from tianji.wire.responses import ResponsesFront
from tianji_gateway.flow.follow import Follower, Translated, Untouched

_FRONTS: dict[str, Front] = {
    front.name: front for front in (ChatFront(), MessagesFront(), ResponsesFront(), GenerateContentFront())
}
_TIMES = 25


def us_per_piece(crossing: Crossing) -> float:
    """Return the processor time of the fastest of some runs: the others were disturbed."""
    offer = DEPLOYMENTS[crossing.dialect]
    provider, model = split_model(offer.model, {})
    params = {**REQUIRED, **offer.more}
    deployment = Deployment(id="bench", model_name="bench", provider=provider, model=model, params=params)
    upstream, front = bind(deployment, {}), _FRONTS[crossing.front]
    ask = Ask(model, [Turn("user", [Text("hi")])], stream=True, front=crossing.front)
    stream, fastest = STREAMS[crossing.dialect], float("inf")
    for _ in range(_TIMES):
        if crossing.front in upstream.speaks:
            follower: Follower = Untouched(front.watch(hide_usage=True), provider)
        else:
            follower = Translated(upstream.stream(ask), front.encoder(ask, model=model), provider)
        fastest = min(fastest, _run_us(follower, stream))
    return fastest / PIECES


def _run_us(follower: Follower, stream: Stream) -> float:
    began = time.process_time_ns()
    for piece in stream.pieces:
        follower.feed(piece)
    follower.close()
    took = time.process_time_ns() - began
    if not follower.complete:
        raise SystemExit(f"a prepared stream is not whole: {follower.failed}")
    return took / 1e3
