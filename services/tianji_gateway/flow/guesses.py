"""How many unknown keys one client address may try before it has to wait.

A key that is in use here is not concerned: it is let in without a look-up, whatever else comes from
its address. Only look-ups count, and those of keys that are there are given back. An IPv6 client has
a /64 of addresses to itself, so that is what counts as one.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_network
from time import monotonic

from tianji.errors import RateLimited

ADDRESSES = 10_000
"""Addresses remembered; the one that guessed longest ago is forgotten first."""

_MINUTE_S = 60.0


class Guesses:
    """A bucket of tries per address, filled again evenly."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        """`per_minute` is also the most tries in a row; 0 means that nothing is limited."""
        self._most = per_minute
        self._clock = clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Per address the tries it has used, as of a moment."""

    def __len__(self) -> int:
        return len(self._spent)

    def take(self, ip: str) -> None:
        """Count a look-up before it is made. Raises RateLimited when the address has none left."""
        if not self._most:
            return
        now, address = self._clock(), _block(ip)
        spent = self._used(address, now)
        if spent + 1 > self._most:
            wait_s = math.ceil((spent + 1 - self._most) * _MINUTE_S / self._most)
            raise RateLimited(
                "too many unknown keys from this address; keys that are in use go on",
                code="too_many_unknown_keys",
                headers={"retry-after": str(wait_s)},
            )
        self._note(address, spent + 1, now)

    def give_back(self, ip: str) -> None:
        """Take back a look-up that was no guess."""
        address = _block(ip)
        if address in self._spent:
            now = self._clock()
            self._note(address, self._used(address, now) - 1, now)

    def _used(self, address: str, now: float) -> float:
        spent, at = self._spent.get(address, (0.0, now))
        return max(0.0, spent - (now - at) * self._most / _MINUTE_S)

    def _note(self, address: str, spent: float, now: float) -> None:
        if spent <= 0:
            self._spent.pop(address, None)
            return
        self._spent[address] = (spent, now)
        self._spent.move_to_end(address)
        if len(self._spent) > ADDRESSES:
            self._spent.popitem(last=False)


def _block(ip: str) -> str:
    if ":" not in ip:
        return ip
    try:
        return str(ip_network((ip.partition("%")[0], 64), strict=False))
    except ValueError:
        return ip
