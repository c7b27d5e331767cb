"""An `Ask`: to the input of a model on Workers AI. Its messages and tools are OpenAI's."""

from __future__ import annotations

from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat import request as chat
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.tuning import vendor_fields, write_tuning
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

_NAMES = {
    name: name
    for name in (
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "seed",
        "stop",
        "presence_penalty",
        "frequency_penalty",
    )
}
_TAKEN = ("tools", "tool_choice", "response_format", "reasoning_effort", "stream")


def write(ask: Ask, params: Params, provider: str) -> tuple[Object, list[str]]:
    """Return the input of a model, which its address names, and what was dropped on the way."""
    whole = chat.write(ask, "")
    body: Object = {"messages": [_message(message) for message in whole["messages"]]}
    body |= {name: whole[name] for name in _TAKEN if name in whole}
    shape = body.get("response_format")
    if ask.shape is not None and ask.shape.kind == "json_schema" and isinstance(shape, dict):
        # The schema stands bare here, without a name around it.
        body["response_format"] = {"type": "json_schema", "json_schema": ask.shape.schema or {}}
    changed = without_foreign(body, params) + write_tuning(body, ask, params, provider, _NAMES)
    return body | vendor_fields(ask, params), changed


def _message(message: Object) -> Object:
    """Suit a message: models want a text in each, and know no developers."""
    if message.get("role") == "developer":
        message = {**message, "role": "system"}
    if message.get("content") is None:
        message = {**message, "content": ""}
    return message
