"""A deployment on Replicate: a prediction is made, then asked for until it is there, or streamed."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

import msgspec

from tianji.providers.contract import FollowUp, UpstreamRequest
from tianji.providers.dialects.events import object_of
from tianji.providers.dialects.replicate.answer import Prediction, read_prediction
from tianji.providers.dialects.translated import TranslatedUpstream
from tianji.wire.neutral import Ask

_HELD_S = 60
"""How long Replicate may hold the first request open: the most that it does."""
_OFTEN_S, _SELDOM_S = 0.25, 2.0
_OWN = (".replicate.com", ".replicate.net")


class ReplicateUpstream(TranslatedUpstream):
    """One deployment; `base` is where the API is."""

    base: str = ""

    def request(self, ask: Ask) -> UpstreamRequest:
        """Make a prediction; its end is asked for by what follows."""
        made = super().request(ask)
        if not ask.stream:
            made.headers.setdefault("prefer", f"wait={_HELD_S}")
        made.then = partial(self._next, stream=ask.stream, pause_s=_OFTEN_S)
        return made

    def _next(self, body: bytes, *, stream: bool, pause_s: float) -> FollowUp | None:
        """Say what to ask after an answer; None where it is the last one, or none that can be read."""
        try:
            prediction = read_prediction(body)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None
        if stream and (url := self._stream_url(prediction)):
            return FollowUp(UpstreamRequest(url, b"", self._get("text/event-stream"), method="GET"))
        if not prediction.under_way or not isinstance(prediction.id, str):
            return None
        again = UpstreamRequest(
            f"{self.base}/predictions/{prediction.id}", b"", self._get("application/json"), method="GET"
        )
        again.then = partial(self._next, stream=stream, pause_s=min(2 * pause_s, _SELDOM_S))
        return FollowUp(again, pause_s)

    def _get(self, accept: str) -> dict[str, str]:
        left_out = ("content-type", "prefer")
        return {name: value for name, value in self.headers.items() if name not in left_out} | {
            "accept": accept
        }

    def _stream_url(self, prediction: Prediction) -> str | None:
        """Return where a prediction is streamed, if that is a place that may be shown the key."""
        url = object_of(prediction.urls).get("stream")
        if not isinstance(url, str):
            return None
        own, other = urlsplit(self.base), urlsplit(url)
        if (own.scheme, own.netloc) == (other.scheme, other.netloc):
            return url
        hosts = (f".{own.hostname}", f".{other.hostname}")
        trusted = other.scheme == own.scheme == "https" and all(host.endswith(_OWN) for host in hosts)
        return url if trusted else None
