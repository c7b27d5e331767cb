"""Thoughts that a vendor calls `reasoning`, told also by the name that most clients look for.

Servers that speak OpenAI's form disagree on the name: `reasoning_content` was first, vLLM, OpenRouter
and others write `reasoning`. A client gets both; one that knows the vendor's own loses nothing.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

_Fields = dict[str, Raw]

_top = msgspec.json.Decoder(_Fields)
_list = msgspec.json.Decoder(list[_Fields])
_UNSAID = (b"null", b'""')


def thinks(data: bytes) -> bool:
    """Say whether thoughts may be told here as `reasoning`: with bare quotes that can only be a key."""
    return b'"reasoning":' in data and (b'"reasoning":"' in data or b'"reasoning": "' in data)


def under_both_names(data: bytes) -> bytes:
    """Return a chunk or an answer that tells its thoughts also as `reasoning_content`.

    Values keep their bytes. What has no such thoughts, or both names already, is returned as it is.
    """
    try:
        whole = _top.decode(data)
        choices = _list.decode(whole["choices"])
        named = [_name(choice, place) for choice in choices for place in ("delta", "message")]
    except (msgspec.DecodeError, KeyError, RecursionError):
        return data
    if not any(named):
        return data
    return msgspec.json.encode({**whole, "choices": choices})


def _name(choice: _Fields, place: str) -> bool:
    """Give the thoughts of a message their second name; say whether there were any without it."""
    if not bytes(choice.get(place, b"")).startswith(b"{"):
        return False
    message = _top.decode(choice[place])
    thoughts = message.get("reasoning", Raw(b"null"))
    if not bytes(thoughts).startswith(b'"') or bytes(thoughts) in _UNSAID:
        return False
    if bytes(message.get("reasoning_content", b"null")) not in _UNSAID:
        return False
    choice[place] = Raw(msgspec.json.encode({**message, "reasoning_content": thoughts}))
    return True
