"""Thoughts as parts of the content: `reasoning`, with a summary of signed texts."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat.messages import changing, objects
from tianji.providers.dialects.openai_chat.upstream import plain
from tianji.wire.neutral import Reasoning
from tianji.wire.signers import ANTHROPIC, signer_of
from tianji.wire.values import Object

_PART, _SUMMARY = "reasoning", "summary_text"
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 2048, "high": 4096, "xhigh": 8192, "max": 16384}
_ANSWER = 4096
"""How many tokens are left for the answer where the client names no limit."""


def read_thoughts(part: object) -> list[Reasoning] | None:
    """Return the thoughts that a part of the content is; None for one that is something else."""
    if not isinstance(part, dict) or part.get("type") != _PART:
        return None
    summary = part.get("summary")
    found = []
    for item in summary if isinstance(summary, list) else ():
        if isinstance(item, dict):
            text, signature = item.get("text"), item.get("signature")
            thought = Reasoning(text if isinstance(text, str) else "")
            thought.signature = signature if isinstance(signature, str) and signature else None
            if thought.text or thought.signature:
                found.append(thought)
    return found


def _told(messages: list[Any]) -> list[str]:
    """Write signed thoughts in front of what was said; what others signed, or nobody, is left out."""
    changed = False
    for message in objects(messages):
        thoughts = message.pop("thinking_blocks", None)
        rest = [message.pop(name, None) for name in ("reasoning_content", "provider_specific_fields")]
        changed = changed or thoughts is not None or any(one is not None for one in rest)
        parts = [part for one in thoughts or () if (part := _part(one)) is not None]
        if parts:
            content = message.get("content")
            said = [{"type": "text", "text": content}] if isinstance(content, str) and content else content
            message["content"] = parts + (said if isinstance(said, list) else [])
    return ["thinking_blocks as content"] if changed else []


def _part(thought: Any) -> Object | None:
    if not isinstance(thought, dict) or not isinstance(thought.get("signature"), str):
        return None
    signer, own = signer_of(thought["signature"])
    if signer != ANTHROPIC:
        return None
    item = {"type": _SUMMARY, "text": thought.get("thinking") or "", "signature": own}
    return {"type": _PART, "summary": [item]}


thoughts_as_parts = changing(_told)
"""Writes earlier thoughts of Claude where Databricks wants them."""


def _without_empty(messages: list[Any]) -> list[str]:
    changed = False
    for message in objects(messages):
        content = message.get("content")
        if isinstance(content, list):
            kept = [part for part in content if not _is_empty(part)]
            changed = changed or len(kept) != len(content)
            content = message["content"] = kept
        if not content and "content" in message:
            del message["content"]
            changed = True
    return ["dropped empty texts"] if changed else []


def _is_empty(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and not str(part.get("text") or "").strip()


without_empty_texts = changing(_without_empty)
"""Claude refuses texts in which there is nothing."""


def think(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Say how much Claude may think by a budget, which must be less than the limit of the whole answer."""
    effort = plain(body.pop("reasoning_effort", None))
    thinking = plain(body.get("thinking"))
    changed = []
    if isinstance(effort, str) and thinking is None and effort != "none":
        thinking = {"type": "enabled", "budget_tokens": _BUDGETS.get(effort, _BUDGETS["medium"])}
        body["thinking"] = thinking
        changed.append("reasoning_effort as thinking")
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return changed
    budget, limit = thinking.get("budget_tokens"), plain(body.get("max_tokens"))
    if isinstance(budget, int) and (limit is None or (isinstance(limit, int) and limit <= budget)):
        body["max_tokens"] = budget + (limit or _ANSWER)
    for name in ("temperature", "top_k"):
        if name in body and plain(body[name]) != 1:
            del body[name]
            changed.append(f"dropped {name}")
    return changed
