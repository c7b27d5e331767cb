"""A whole answer: to the body of a chat completion."""

from __future__ import annotations

import time

import msgspec

from tianji.wire.call_ids import seal
from tianji.wire.chat.finish import in_openais_words
from tianji.wire.chat.message import write_assistant
from tianji.wire.free_text import unwrapped
from tianji.wire.neutral import Answer, Ask, Choice, Tool, ToolCall
from tianji.wire.usage import write_chat_usage
from tianji.wire.values import Object


def write(answer: Answer, ask: Ask) -> bytes:
    """Write an answer in the form of `chat.completion`."""
    legacy, custom = uses_functions(ask), custom_tools(ask)
    body: Object = {
        **answer.extra.get("chat", {}),
        "id": answer.id,
        "object": "chat.completion",
        "created": answer.created or int(time.time()),
        "model": answer.model or ask.model,
        "choices": [_choice(choice, custom, legacy=legacy) for choice in answer.choices],
    }
    if answer.usage is not None:
        body["usage"] = write_chat_usage(answer.usage)
    if answer.service_tier is not None:
        body["service_tier"] = answer.service_tier
    if answer.system_fingerprint is not None:
        body["system_fingerprint"] = answer.system_fingerprint
    return msgspec.json.encode(body)


def _choice(choice: Choice, custom: frozenset[str], *, legacy: bool) -> Object:
    for block in choice.blocks:
        seal(block)
        if isinstance(block, ToolCall) and block.name in custom and not block.custom:
            block.custom, block.arguments = True, unwrapped(block.arguments)
    message = write_assistant(choice.blocks, legacy=legacy)
    return {
        "index": choice.index,
        "message": {"role": "assistant", **message},
        "logprobs": choice.logprobs,
        "finish_reason": finish_reason(choice.finish or "stop", legacy="function_call" in message),
        **choice.extra.get("chat", {}),
    }


def uses_functions(ask: Ask) -> bool:
    """Say whether the client declared its tools as `functions`, and so expects `function_call`."""
    return any(isinstance(tool, Tool) and tool.extra.get("legacy") for tool in ask.tools)


def custom_tools(ask: Ask) -> frozenset[str]:
    """Name the tools that take free text: models that know only JSON wrap it."""
    return frozenset(tool.name for tool in ask.tools if isinstance(tool, Tool) and "custom" in tool.extra)


def finish_reason(finish: str, *, legacy: bool) -> str:
    """Return OpenAI's word for why the model stopped."""
    if legacy and finish == "tool_calls":
        return "function_call"
    return in_openais_words(finish)
