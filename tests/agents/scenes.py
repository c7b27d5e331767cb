"""What an agent is asked, and what must have come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agents.model import COPY, EDIT, FOUND, GREET, GREETING, LOOK


@dataclass(frozen=True)
class Scene:
    """A prompt, and a check that returns what is wrong."""

    name: str
    prompt: str
    wrong: Callable[[str, str, Path], str]
    """Takes the word of the note, what the agent said last, and its folder."""
    known: bool = False
    """Whether the model is asked for by a name that the agent knows."""


def _greeted(word: str, said: str, project: Path) -> str:
    return "" if said.strip() == GREETING else "another answer"


def _reported(word: str, said: str, project: Path) -> str:
    if not said.startswith(FOUND):
        return "another answer"
    return "" if word in said else "what the tool gave is lost"


def _copied(word: str, said: str, project: Path) -> str:
    copy = project / COPY
    if not copy.exists():
        return "no file was written"
    return "" if copy.read_text().strip() == word else "the file holds something else"


SCENES = (
    Scene("answer", GREET, _greeted),
    Scene("tools", LOOK, _reported),
    Scene("edit", EDIT, _copied),
    Scene("known", EDIT, _copied, known=True),
)
