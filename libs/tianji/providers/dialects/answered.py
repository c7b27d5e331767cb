"""Calls and results in messages like those of chat completions: each has the other.

A client may have lost either on the way, or brought ids from a provider whose ids are longer.
"""

from __future__ import annotations

from collections.abc import Iterable

from tianji.providers.dialects.legal_ids import short
from tianji.wire.values import Object

_LONGEST_ID = 40
_UNANSWERED = "No result was given."


def answered(messages: Iterable[Object]) -> list[Object]:
    """Return the messages with results for all calls; what results of no call say, the user says."""
    out: list[Object] = []
    calls: list[str] = []
    told: set[str] = set()
    late: list[Object] = []
    for message in messages:
        if message["role"] == "tool":
            identity = short(message["tool_call_id"], _LONGEST_ID)
            if identity in calls:
                told.add(identity)
                out.append({**message, "tool_call_id": identity})
            elif message["content"]:
                late.append({"role": "user", "content": message["content"]})
            continue
        out += _unanswered(calls, told) + late
        late, calls, told = [], _calls(message), set()
        out.append(message)
    return out + _unanswered(calls, told) + late


def _calls(message: Object) -> list[str]:
    """Return the ids of a message's calls, made short."""
    calls = message.get("tool_calls") or []
    for call in calls:
        call["id"] = short(call["id"], _LONGEST_ID)
    return [call["id"] for call in calls]


def _unanswered(calls: list[str], told: set[str]) -> list[Object]:
    return [
        {"role": "tool", "tool_call_id": call, "content": _UNANSWERED} for call in calls if call not in told
    ]
