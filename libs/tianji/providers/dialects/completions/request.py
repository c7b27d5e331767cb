"""An `Ask`: to the body of a completion."""

from __future__ import annotations

from collections.abc import Mapping

from tianji.errors import BadRequest
from tianji.providers._params import Params
from tianji.providers.dialects.instructed import instruct
from tianji.providers.dialects.transcript import transcribe
from tianji.providers.dialects.tuning import vendor_fields, without_thinking, without_tools, write_tuning
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

NAMES: Mapping[str, str] = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "seed": "seed",
    "n": "n",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logit_bias": "logit_bias",
    "logprobs": "logprobs",
    "top_logprobs": "top_logprobs",
    "user": "user",
}
"""What OpenAI's completions can be tuned by."""


def write(
    ask: Ask,
    model: str,
    params: Params,
    provider: str,
    *,
    names: Mapping[str, str] = NAMES,
    asks_usage: bool = True,
    tells_tools: bool = True,
) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped on the way."""
    changed = [] if tells_tools else without_tools(ask, params, provider)
    if ask.shape is not None:
        ask = instruct(ask, ask.shape)
    told = transcribe(ask, provider, with_tools=tells_tools)
    if told.images:
        raise BadRequest(f"{provider} takes a prompt, and no pictures", param="messages")
    body: Object = {"model": model}
    body["prompt"] = f"{told.system}\n\n{told.prompt}" if told.system else told.prompt
    changed += write_tuning(body, ask, params, provider, names) + without_thinking(ask)
    most = body.pop("top_logprobs", None)
    if body.get("logprobs") is True:
        body["logprobs"] = most or 1  # here a number: how many tokens are told at each place
    body |= vendor_fields(ask, params)
    if ask.stream:
        body["stream"] = True
        if asks_usage:
            body["stream_options"] = {"include_usage": True}
    return body, changed
