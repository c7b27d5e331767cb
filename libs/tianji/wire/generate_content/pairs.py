"""Pairs calls and results: Google's need no ids, all other formats do."""

from __future__ import annotations

from tianji.wire.neutral import ToolCall, ToolResult


class Pairs:
    """Gives every call of a conversation an id, and every result that of its call.

    The ids that are made here count the calls, so that a conversation sent again is the same again.
    """

    def __init__(self, taken: set[str]) -> None:
        """`taken` are the ids that the client gave."""
        self._taken = taken
        self._calls = 0
        self._open: list[ToolCall] = []

    def called(self, call: ToolCall) -> None:
        """Note a call; one without an id gets one."""
        call.id = call.id or self._next()
        self._open.append(call)

    def answered(self, result: ToolResult) -> None:
        """Note a result; one that names no call belongs to the oldest open one of its name."""
        call = self._call_of(result)
        if call is not None:
            self._open.remove(call)
            result.call_id = call.id
        elif not result.call_id:
            result.call_id = self._next()

    def _call_of(self, result: ToolResult) -> ToolCall | None:
        if result.call_id:
            found = next((call for call in self._open if call.id == result.call_id), None)
            if found is not None:
                return found
        same = [call for call in self._open if call.name == result.name]
        if result.call_id:
            same = [call for call in same if call.id not in self._taken]
        return same[0] if same else None

    def _next(self) -> str:
        self._calls += 1
        while (made := f"call_{self._calls}") in self._taken:
            self._calls += 1
        return made
