"""Predictions: to answers, when they have come to an end."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from msgspec import Struct

from tianji.errors import UpstreamError
from tianji.providers.dialects.events import object_of
from tianji.providers.dialects.openai_chat.errors import failure
from tianji.wire import values
from tianji.wire.neutral import Answer, Choice, Text, Usage
from tianji.wire.usage import count

_UNDER_WAY = ("starting", "processing", "queued")
_KNOWN_CAUSES = ("context_length_exceeded", "content_policy_violation")


class Prediction(Struct):
    """One prediction, as each of Replicate's answers tells it."""

    id: Any = None
    model: Any = None
    status: Any = None
    output: Any = None
    error: Any = None
    metrics: Any = None
    urls: Any = None

    @property
    def under_way(self) -> bool:
        """Say whether its end is still to come."""
        return self.status in _UNDER_WAY


_decoder = msgspec.json.Decoder(Prediction)


def read_prediction(body: bytes) -> Prediction:
    """Read a prediction. Raises msgspec.DecodeError for what is none."""
    return _decoder.decode(body)


def read(body: bytes, provider: str, model: str) -> Answer:
    """Read a prediction that has ended. Raises UpstreamError where it failed."""
    prediction = read_prediction(body)
    if prediction.status != "succeeded":
        raise failed(provider, prediction.error or prediction.status)
    return Answer(
        id=str(prediction.id or ""),
        model=model,
        created=int(time.time()),
        choices=[Choice(blocks=[Text(text_of(prediction.output))], finish="stop", finish_raw="succeeded")],
        usage=usage_of(prediction),
    )


def text_of(output: Any) -> str:
    """Return an output as text: pieces are joined, what has a form is JSON."""
    if isinstance(output, str):
        return output
    if isinstance(output, list) and all(isinstance(piece, str) for piece in output):
        return "".join(output)
    return "" if output is None else values.encode(output).decode()


def usage_of(prediction: Prediction) -> Usage | None:
    """Read the tokens that language models count."""
    metrics = object_of(prediction.metrics)
    if "input_token_count" not in metrics and "output_token_count" not in metrics:
        return None
    return Usage(count(metrics.get("input_token_count")), count(metrics.get("output_token_count")))


def failed(provider: str, message: Any) -> UpstreamError:
    """Return the error of a prediction that failed: the client's fault where the message says so."""
    said = str(message)
    known = failure(provider, 422, said)
    return known if known.code in _KNOWN_CAUSES else failure(provider, 502, said)
