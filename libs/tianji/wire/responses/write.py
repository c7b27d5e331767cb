"""The response object: around a whole answer, and around what there is of one in a stream."""

from __future__ import annotations

import time
import uuid
from typing import Any

import msgspec

from tianji.wire.neutral import Answer, Ask, Choice, Finish, Refusal
from tianji.wire.responses.ask import echo_of, names_of
from tianji.wire.responses.output import written
from tianji.wire.responses.usage import write_usage
from tianji.wire.values import Object

_ECHOED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""Fields that an answer repeats of its request, and what they are where it does not say them."""


def write(answer: Answer, ask: Ask) -> bytes:
    """Write a whole answer; of several choices the first, since this format has but one."""
    choice = answer.choices[0] if answer.choices else Choice()
    refused = any(isinstance(block, Refusal) for block in choice.blocks)
    end = ending(choice.finish or "stop", refused=refused)
    item_status = "completed" if end["status"] == "completed" else "incomplete"
    body = skeleton(ask, answer.id, answer.model, answer.created) | end
    body["output"] = written(choice, names_of(ask), last_status=item_status)
    if answer.usage is not None:
        body["usage"] = write_usage(answer.usage)
    if answer.service_tier is not None:
        body["service_tier"] = answer.service_tier
    return msgspec.json.encode(body)


def skeleton(ask: Ask, identity: str, model: str, created: int) -> Object:
    """Write a response object that has just begun."""
    echo = echo_of(ask)
    reasoning = echo.get("reasoning")
    return {
        "id": response_id(identity),
        "object": "response",
        "created_at": created or int(time.time()),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        **{name: default if echo.get(name) is None else echo[name] for name, default in _ECHOED.items()},
        "model": model or ask.model,
        "output": [],
        "reasoning": {"effort": None, "summary": None, **(reasoning if isinstance(reasoning, dict) else {})},
        "service_tier": echo.get("service_tier") or "default",
        "store": False,
        "usage": None,
    }


def response_id(identity: str) -> str:
    """Return the provider's id in this format's form, or a new one where it gave none."""
    if identity.startswith("resp_"):
        return identity
    return f"resp_{identity or uuid.uuid4().hex}"


def ending(finish: Finish, *, refused: bool = False) -> Object:
    """Return the fields that tell how an answer ended; `refused`: the refusal stands in the answer."""
    if finish == "length":
        return {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    if finish == "content_filter" or (finish == "refusal" and not refused):
        return {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
    if finish == "error":
        error = {"code": "server_error", "message": "the provider stopped with an error"}
        return {"status": "failed", "error": error}
    return {"status": "completed"}
