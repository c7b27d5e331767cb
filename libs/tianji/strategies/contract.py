"""What a strategy must offer. Pure: it orders what it is given and keeps nothing."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar


class Candidate(Protocol):
    """A deployment as a strategy sees it."""

    @property
    def weight(self) -> float:
        """Return its share among its group; 0 means: only when nothing else is left."""


C = TypeVar("C", bound=Candidate)


class Strategy(Protocol):
    """Orders the deployments that could serve one request."""

    def order(self, candidates: Sequence[C], chance: Random) -> list[C]:
        """Return all candidates, the one to try first in front.

        Called once per request with candidates of equal standing; `chance` is the only source
        of randomness, so that a test can choose the outcome.
        """
