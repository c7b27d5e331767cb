"""What a Gemini model takes, told by its name."""

from __future__ import annotations

import re

from msgspec import Struct

_GENERATION = re.compile(r"gemini-(?:live-|robotics-er-)?(\d+(?:\.\d+)?)")
_LATEST = re.compile(r"gemini-(?:pro|flash|flash-lite)-latest")
_UNKNOWN, _NEWEST = 2.5, 3.0
_FIRST_THINKING = 2.5


class Model(Struct, frozen=True):
    """The abilities that change how a request is written."""

    name: str
    generation: float = _UNKNOWN
    pro: bool = False

    @property
    def thinks(self) -> bool:
        """Say whether thinking can be asked for at all."""
        return self.generation >= _FIRST_THINKING

    @property
    def leveled(self) -> bool:
        """Say whether thinking is asked for by a level; older models take a budget."""
        return self.generation >= 3

    @property
    def signs_calls(self) -> bool:
        """Say whether a call that comes back unsigned is refused."""
        return self.generation >= 3

    @property
    def shapes_with_tools(self) -> bool:
        """Say whether an answer's schema may stand beside tools."""
        return self.generation >= 3

    @property
    def media_in_results(self) -> bool:
        """Say whether a tool's result may hold pictures."""
        return self.generation >= 3


def model_of(name: str, known_as: str | None = None) -> Model:
    """Find out what a model is; `known_as` names the model behind a name that says nothing."""
    told = (known_as or name).lower()
    found = _GENERATION.search(told)
    generation = float(found[1]) if found else _NEWEST if _LATEST.search(told) else _UNKNOWN
    return Model(name, generation, pro="pro" in told)
