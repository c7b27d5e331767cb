"""What OpenAI's reasoning models do not take, and what they call differently."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat.upstream import plain

_REASONING = re.compile(r"(?:^|[/_-])(?:o[1345](?:$|[-_.])|gpt-?5(?!-chat)|codex-)")
_WITHOUT_SAMPLING = re.compile(r"(?:^|[/_-])(?:o[1345](?:$|[-_.])|gpt-?5(?:$|-mini|-nano|-codex|-pro|-20))")
_SAMPLING = ("top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs")


@lru_cache(maxsize=1024)
def reasons(model: str) -> bool:
    """Say whether a model's name is that of a reasoning model."""
    return bool(_REASONING.search(model))


def suit(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Adapt a body to the model it names, where that is a reasoning model."""
    return suit_model(str(plain(body.get("model"))), body, params)


def suit_model(model: str, body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Adapt a body to `model`.

    `max_tokens` is always renamed, since no reasoning model takes it. Sampling parameters go only
    where the deployment drops or modifies parameters; else the provider says what it thinks.
    """
    if not reasons(model):
        return []
    changed = []
    if "max_tokens" in body:
        limit = body.pop("max_tokens")
        if "max_completion_tokens" not in body:
            body["max_completion_tokens"] = limit
        changed.append("renamed max_tokens to max_completion_tokens")
    if (params.drop or params.modify) and _WITHOUT_SAMPLING.search(model):
        changed += [
            f"dropped {name}" for name in _SAMPLING if name not in params.allowed and _take(body, name)
        ]
        if "temperature" not in params.allowed and plain(body.get("temperature", 1)) != 1:
            del body["temperature"]
            changed.append("dropped temperature")
    return changed


def _take(body: MutableMapping[str, Any], name: str) -> bool:
    return body.pop(name, None) is not None
