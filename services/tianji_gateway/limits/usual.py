"""How long answers usually are: what a call that names no length can be expected to need."""

from __future__ import annotations

from collections.abc import Iterable

_FADES = 64
"""A shorter answer brings the figure this part of the way down to it."""
_MOST = 10_000


class UsualLengths:
    """The longest answers of late, in tokens, by deployment."""

    __slots__ = ("_by_deployment",)

    def __init__(self) -> None:
        self._by_deployment: dict[str, int] = {}

    def note(self, deployment: str, tokens: int) -> None:
        """Take in an answer that is complete."""
        known = self._by_deployment.get(deployment, 0)
        if tokens >= known:
            if len(self._by_deployment) >= _MOST:
                self._by_deployment.clear()
            self._by_deployment[deployment] = tokens
        else:
            self._by_deployment[deployment] = known - (known - tokens) // _FADES

    def of(self, deployments: Iterable[str]) -> int:
        """Return how long an answer of these may well be; 0 where none was seen."""
        return max((self._by_deployment.get(one, 0) for one in deployments), default=0)
