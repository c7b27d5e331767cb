"""The scripts that Redis runs: what must happen at once."""

from __future__ import annotations

import hashlib
from pathlib import Path


class Script:
    """A script's text, and what Redis calls it."""

    def __init__(self, name: str) -> None:
        self.text = (Path(__file__).parent / f"{name}.lua").read_text()
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


TRADE = Script("trade")
EPOCH = Script("epoch")
SEED = Script("seed")
FOLD = Script("fold")
