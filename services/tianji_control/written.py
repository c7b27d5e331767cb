"""What a change wrote."""

from __future__ import annotations

from msgspec import Struct


class Written(Struct, frozen=True):
    """An object that was written: what was done, what it was before and what it is now."""

    kind: str
    id: str
    action: str
    before: Struct | None = None
    after: Struct | None = None
