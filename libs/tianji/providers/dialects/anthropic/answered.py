"""Calls and results in Anthropic's messages: every call has its result in the next turn, and the reverse.

A client may have lost either on the way, or brought ids from a provider whose alphabet is wider.
"""

from __future__ import annotations

from tianji.providers.dialects.legal_ids import legal
from tianji.wire.values import Object

_UNANSWERED = "No result was given."
_RESULT = "tool_result"


def answered(messages: list[Object]) -> list[Object]:
    """Return the messages with results for all calls; what results of no call say, the user says."""
    out: list[Object] = []
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "user":
            content = _results_first(message["content"], waiting)
            waiting = []
            if content:
                out.append({**message, "content": content})
            continue
        if waiting:
            out.append({"role": "user", "content": _results_first([], waiting)})
        waiting = _calls(message)
        out.append(message)
    if waiting:
        out.append({"role": "user", "content": _results_first([], waiting)})
    return out


def _calls(message: Object) -> list[str]:
    """Return the ids of a turn's calls, made legal."""
    calls = [block for block in message["content"] if block.get("type") == "tool_use"]
    for call in calls:
        call["id"] = legal(call["id"])
    return [call["id"] for call in calls]


def _results_first(content: list[Object], calls: list[str]) -> list[Object]:
    missing = dict.fromkeys(calls)
    results: list[Object] = []
    others: list[Object] = []
    for block in content:
        if block.get("type") != _RESULT:
            others.append(block)
            continue
        identity = legal(block["tool_use_id"])
        if identity in missing:
            del missing[identity]
            results.append({**block, "tool_use_id": identity})
        else:
            others += _told(block["content"])
    unanswered = [{"type": _RESULT, "tool_use_id": call, "content": _UNANSWERED} for call in missing]
    return unanswered + results + others


def _told(content: str | list[Object]) -> list[Object]:
    """Return what a result without a call says, as the user's own words."""
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []
