"""Takes out of a conversation what another provider signed or cited, which Anthropic would refuse."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Raw

from tianji.wire import values
from tianji.wire.call_ids import unsealed
from tianji.wire.messages.citations import is_foreign
from tianji.wire.neutral import Block, Reasoning
from tianji.wire.quoted import Quoted
from tianji.wire.signers import ANTHROPIC, signer_of

_MARKED = re.compile(rb'"(?:signature|data)"\s*:\s*"(?:[a-z]+:|")|"encrypted_index"\s*:\s*""')
_NOTABLE = Quoted("tool_use", "tool_use_id", "signature", "data", "encrypted_index")
"""What stands in messages that may need a look: calls, thoughts, citations."""
_THOUGHTS = {"thinking": "signature", "redacted_thinking": "data"}


def without_foreign(messages: Raw) -> Raw:
    """Clean messages that are passed on; they are only decoded if a foreign thought may be in them."""
    raw = bytes(messages)
    if not _NOTABLE.among(raw):
        return messages
    plain = unsealed(raw)
    if _MARKED.search(plain) is None:
        return messages if plain is raw else Raw(plain)
    turns = values.array(values.decode(plain, "messages"), "messages")
    return Raw(values.encode([turn for turn in turns if _cleaned(turn)]))


def _cleaned(turn: Any) -> bool:
    """Clean a turn in place; say whether there is anything left of it."""
    content = turn.get("content") if isinstance(turn, dict) else None
    if not isinstance(content, list):
        return True
    kept = [block for block in content if not (isinstance(block, dict) and _foreign(block))]
    for block in kept:
        cited = block.get("citations") if isinstance(block, dict) else None
        if isinstance(cited, list):
            block["citations"] = [one for one in cited if not is_foreign(one)]
    left = bool(kept) or not content
    turn["content"] = kept
    return left


def _foreign(block: dict[str, Any]) -> bool:
    signed = block.get(_THOUGHTS.get(str(block.get("type")), ""))
    # Models that do not sign have their thoughts told with an empty signature, which Anthropic refuses.
    return isinstance(signed, str) and (not signed or signer_of(signed)[0] != ANTHROPIC)


def own(block: Block) -> bool:
    """Say whether a block may go to Anthropic: all but thoughts that another provider signed."""
    if not isinstance(block, Reasoning):
        return True
    return all(signer_of(signed)[0] == ANTHROPIC for signed in (block.signature, block.encrypted) if signed)
