"""A question that is put to the ledger, and who asks."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from tianji.store.rows import Connection
from tianji_control.resources.spend.sights import Seen

Ask = Callable[[Connection], Awaitable[Any]]

ALL = Seen(sees_all=True, own_key=None, own_user=None, own_teams=[], own_organizations=[])
USER = Seen(sees_all=False, own_key=None, own_user="user-7", own_teams=[], own_organizations=[])
TEAM = Seen(sees_all=False, own_key=None, own_user=None, own_teams=["team-7"], own_organizations=[])


class Question(Struct, frozen=True):
    """One question; `rolled` says whether it is answered out of the roll-ups."""

    name: str
    ask: Ask
    rolled: bool = True
    counts: int = 0
    """How many rows are counted at most, where the answer is their number."""
    sorts: bool = False
    """Whether what is read grows with the calls: what is asked for stands in no index."""


def key_hash(number: int) -> str:
    """Return the hash of a synthetic key."""
    return (
        hashlib.md5(f"key{number}".encode()).hexdigest() + hashlib.md5(f"hash{number}".encode()).hexdigest()
    )
