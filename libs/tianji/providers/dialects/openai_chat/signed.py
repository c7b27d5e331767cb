"""Signed thoughts and budgets for thinking, in the words of vendors that follow OpenRouter's form."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat.messages import changing, objects
from tianji.providers.dialects.openai_chat.reasoning_details import write_details
from tianji.providers.dialects.openai_chat.upstream import plain


def _signed(messages: list[Any]) -> list[str]:
    """Write signed thoughts as details; a client that knows these is left alone."""
    changed = False
    for message in objects(messages):
        thoughts = message.pop("thinking_blocks", None)
        if message.pop("provider_specific_fields", None) is not None or thoughts is not None:
            changed = True
        if isinstance(thoughts, list) and "reasoning_details" not in message:
            details = write_details(thoughts)
            if details:
                message["reasoning_details"] = details
                message.pop("reasoning_content", None)
    return ["thinking_blocks as reasoning_details"] if changed else []


signed_thoughts = changing(_signed, "thinking_blocks", "provider_specific_fields")
"""Writes `thinking_blocks` as `reasoning_details`."""


def budget_for_thinking(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Say a budget for thinking, given in Anthropic's words, by `reasoning`."""
    thinking = plain(body.get("thinking"))
    if not isinstance(thinking, dict) or "reasoning" in body:
        return []
    del body["thinking"]
    budget = thinking.get("budget_tokens")
    if thinking.get("type") == "disabled":
        body["reasoning"] = {"enabled": False}
    elif isinstance(budget, int):
        body["reasoning"] = {"max_tokens": budget}
        body.pop("reasoning_effort", None)
    else:
        body["reasoning"] = {"enabled": True}
    return ["thinking as reasoning"]
