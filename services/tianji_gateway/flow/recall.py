"""Answers from the response cache. There is none yet, so that every request goes on to a provider."""

from __future__ import annotations

from tianji_gateway.flow.receive import Inference


def recall(inference: Inference) -> None:
    """Return the stored answer to a request: none, whatever the request says about caching."""
