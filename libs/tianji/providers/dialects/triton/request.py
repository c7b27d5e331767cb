"""An `Ask`: to the text and parameters of `generate`, or to the tensors of `infer`."""

from __future__ import annotations

from typing import Any

from tianji.errors import BadRequest
from tianji.providers._params import Params
from tianji.providers.dialects.instructed import instruct
from tianji.providers.dialects.transcript import transcribe
from tianji.providers.dialects.tuning import vendor_fields, without_thinking, write_tuning
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

_NAMES = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "random_seed",
    "stop": "stop_words",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
_MOST = 2000
"""How many tokens are asked for where the client names no limit: backends have small defaults."""


def write(ask: Ask, params: Params, provider: str, *, infer: bool) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped on the way."""
    if ask.shape is not None:
        ask = instruct(ask, ask.shape)
    told = transcribe(ask, provider, with_tools=True)
    if told.images:
        raise BadRequest(f"{provider} takes a prompt, and no pictures", param="messages")
    text = f"{told.system}\n\n{told.prompt}" if told.system else told.prompt
    tuning: Object = {"max_tokens": _MOST}
    changed = write_tuning(tuning, ask, params, provider, _NAMES) + without_thinking(ask)
    tuning |= vendor_fields(ask, params)
    if infer:
        tensors = [_tensor("text_input", text), *(_tensor(name, value) for name, value in tuning.items())]
        return {"inputs": tensors}, changed
    return {"text_input": text, "parameters": tuning, "stream": ask.stream}, changed


def _tensor(name: str, value: Any) -> Object:
    data = value if isinstance(value, list) else [value]
    kinds = {bool: "BOOL", int: "INT32", float: "FP32"}
    kind = kinds.get(type(data[0]), "BYTES") if data else "BYTES"
    return {"name": name, "shape": [len(data)], "datatype": kind, "data": data}
