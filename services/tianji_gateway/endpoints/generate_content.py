"""Google's generateContent."""

from __future__ import annotations

from tianji.wire.generate_content import GenerateContentFront
from tianji_gateway.caller import Caller
from tianji_gateway.endpoints.answers import send_json
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.flow.count import count_prompt
from tianji_gateway.flow.line import serve
from tianji_gateway.flow.receive import Named, opened
from tianji_gateway.runtime import Runtime

FRONT = GenerateContentFront()
VERBS = (":generateContent", ":streamGenerateContent", ":countTokens")
"""What a path ends with after the model's name."""
_GOOGLE = "google"


async def generate(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1beta/models/{model}:generateContent"""
    call = opened(asked.scope, asked.template)
    await serve(call, FRONT, "agenerate_content", caller, rt, Named(_model(asked), stream=False))


async def stream(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1beta/models/{model}:streamGenerateContent"""
    call = opened(asked.scope, asked.template)
    front = FRONT if call.parameter("alt") == "sse" else GenerateContentFront(array=True)
    await serve(call, front, "agenerate_content_stream", caller, rt, Named(_model(asked), stream=True))


async def count_tokens(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """POST /v1beta/models/{model}:countTokens"""
    call = opened(asked.scope, asked.template)
    tokens = await count_prompt(call, FRONT, caller, rt, named=Named(_model(asked)))
    details = [{"modality": "TEXT", "tokenCount": tokens}]
    await send_json(caller, {"totalTokens": tokens, "promptTokensDetails": details})


def _model(asked: Asked) -> str:
    """Return the model that a path names.

    Google's clients may name the collection twice, and for Vertex AI part a name at its first slash: what
    stands before it is the publisher.
    """
    model = asked.params["model"].removeprefix("models/")
    publisher = asked.params.get("publisher", _GOOGLE)
    return model if publisher == _GOOGLE else f"{publisher}/{model}"
