"""What is counted of this process under a sliding limit, by slot, and what the store is yet to hear of it."""

from __future__ import annotations

Slots = dict[int, int]


class Counted:
    """Amounts by slot. What the store granted it counts by itself; of all else it is told."""

    __slots__ = ("_adds", "_by_slot", "_returns", "_telling", "history", "total")

    def __init__(self) -> None:
        self._by_slot: Slots = {}
        self._adds: Slots = {}
        """What was used beyond grants and is to be told."""
        self._telling: Slots = {}
        """What of it is on its way."""
        self._returns: Slots = {}
        self.history: list[tuple[int, int]] | None = None
        """After a loss: what was counted then, to be told anew."""
        self.total = 0

    def __bool__(self) -> bool:
        return bool(self._by_slot or self.untold)

    @property
    def untold(self) -> bool:
        """Whether the store is to hear of something."""
        return bool(self._adds or self._returns or self.history)

    def of(self, slot: int) -> int:
        """Return what is counted in a slot."""
        return self._by_slot.get(slot, 0)

    def slots(self) -> list[int]:
        """Return the slots, the oldest first."""
        return sorted(self._by_slot)

    def granted(self, slot: int, amount: int) -> None:
        """Count what the store counts already."""
        self._by_slot[slot] = self._by_slot.get(slot, 0) + amount
        self.total += amount

    def add(self, slot: int, amount: int) -> None:
        """Count what the store is to hear of."""
        self.granted(slot, amount)
        self._adds[slot] = self._adds.get(slot, 0) + amount

    def take_back(self, slot: int, amount: int) -> None:
        """Uncount an amount; what the store has not heard of it need not."""
        if not amount:
            return
        self.granted(slot, -amount)
        untold = self._adds.pop(slot, 0)
        if untold > amount:
            self._adds[slot] = untold - amount
        elif amount > untold:
            self._returns[slot] = self._returns.get(slot, 0) + amount - untold

    def tell(self) -> tuple[int, list[tuple[int, int]]]:
        """Return what was added, and what goes back by slot; it is told from now on."""
        self._telling, self._adds = self._adds, {}
        returns, self._returns = self._returns, {}
        return sum(self._telling.values()), sorted(returns.items())

    def heard(self, counted: int) -> None:
        """Note that the store has heard, and counts what was told in a slot: only there it can go back."""
        self.history = None
        telling, self._telling = self._telling, {}
        for slot, amount in telling.items():
            if slot == counted:
                continue
            back = min(amount, self._returns.get(slot, 0))
            self.granted(slot, back - amount)
            self.granted(counted, amount - back)
            if back:
                self._returns[slot] -= back
                self._returns[counted] = self._returns.get(counted, 0) + back

    def lost(self) -> None:
        """Note that the store may not have heard: what was used is told again, what went back is not."""
        for slot, amount in self._telling.items():
            self._adds[slot] = self._adds.get(slot, 0) + amount
        self._telling = {}

    def forgotten(self) -> None:
        """Note that the store has lost what it was told."""
        self.history = sorted((slot, amount) for slot, amount in self._by_slot.items() if amount)
        self._adds, self._telling, self._returns = {}, {}, {}

    def drop(self, slot: int) -> None:
        """Forget a slot that is counted no more."""
        self.total -= self._by_slot.pop(slot)
