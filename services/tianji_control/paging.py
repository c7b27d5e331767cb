"""Pages of lists: they begin at 1, and a size has a limit; what is outside is refused with 422."""

from __future__ import annotations

import math
from typing import Annotated

from msgspec import Meta

PageNumber = Annotated[int, Meta(ge=1, description="Which page; the first is 1.")]
Size = Annotated[int, Meta(ge=1, le=100, description="How many there are on a page.")]
LongSize = Annotated[int, Meta(ge=1, le=1000, description="How many there are on a page.")]


def pages(total: int, size: int) -> int:
    """Return how many pages so many rows fill."""
    return math.ceil(total / size)
