"""Ids and names that Bedrock takes: foreign ones are made legal, and its answers get the client's back."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tianji.providers.dialects.legal_ids import legal
from tianji.wire.neutral import Ask, Tool, ToolCall

_ILLEGAL_IN_IDS = re.compile(r"[^a-zA-Z0-9_.:-]")
"""Bedrock's own alphabet for ids is wider than Claude's, and other models use it."""
_NOT_IN_DOCUMENTS = re.compile(r"[^a-zA-Z0-9\s\-()\[\]]")
_LONGEST_DOCUMENT = 200


def legal_id(identity: str, *, claude: bool) -> str:
    """Return a call's id that Bedrock and the model take."""
    return legal(identity) if claude else legal(identity, _ILLEGAL_IN_IDS)


def own_names(ask: Ask) -> dict[str, str]:
    """Return the client's names of tools whose names had to be changed, by the changed ones."""
    return {written: name for name in called(ask) if (written := legal(name)) != name}


def called(ask: Ask) -> Iterable[str]:
    """Name all tools of a request: those offered, and those called in it."""
    offered = [tool.name for tool in ask.tools if isinstance(tool, Tool)]
    earlier = [block.name for turn in ask.turns for block in turn.blocks if isinstance(block, ToolCall)]
    return dict.fromkeys(offered + earlier)


class DocumentNames:
    """Names of the documents of one request: of the alphabet that Bedrock takes, none twice."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def legal(self, said: str | None) -> str:
        """Return a name for the next document."""
        stem = said.rpartition(".")[0] or said if said else "document"
        clean = " ".join(_NOT_IN_DOCUMENTS.sub("-", stem).split())[: _LONGEST_DOCUMENT - 4] or "document"
        name, number = clean, 1
        while name in self._given:
            number += 1
            name = f"{clean}-{number}"
        self._given.add(name)
        return name
