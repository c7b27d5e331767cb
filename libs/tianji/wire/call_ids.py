"""Carries a provider's signature of a tool call inside its id, through clients that know no signatures.

Gemini signs calls and refuses a conversation whose calls come back unsigned. The mark is the one that
LiteLLM's users find in their ids, so that conversations kept by clients go on.
"""

from __future__ import annotations

import re

from tianji.wire.neutral import Block, ToolCall

MARK = "__thought__"
_SEALED = re.compile(rb'("(?:id|tool_call_id|tool_use_id)"\s*:\s*"[^"\\]*?)' + MARK.encode() + rb'[^"]*(?=")')


def seal(block: Block) -> Block:
    """Move a call's signature into its id, for a client; every other block is returned as it is."""
    if isinstance(block, ToolCall) and block.signature is not None:
        block.id, block.signature = f"{block.id}{MARK}{block.signature}", None
    return block


def part(said: str) -> tuple[str, str | None]:
    """Return a call's own id and its signature from the id that a client sent back."""
    identity, mark, signature = said.partition(MARK)
    return identity, (signature if mark else None)


def unsealed(raw: bytes) -> bytes:
    """Return JSON that is passed on unread with the calls' own ids: other providers refuse such long ones."""
    return _SEALED.sub(rb"\1", raw) if MARK.encode() in raw else raw
