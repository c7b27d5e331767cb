"""Requests recorded at other vendors become ones that Google's own library knows, field by field."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.genai import types

from tianji.errors import BadRequest
from tianji.wire.chat import ChatFront
from tianji_testkit.recorded import BESIDE, Exchange, recorded

OURS = Path(__file__).parent / "recorded"
APIS = (
    "openai/chat",
    "azure/chat",
    "anthropic/messages",
    "gemini/generateContent",
    "vertex_ai/generateContent",
)
EXCHANGES = [
    one
    for one in recorded(OURS, *APIS) + recorded(BESIDE, *APIS)
    if one.openai_request and one.openai_request.get("messages")
]

chat = ChatFront()


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3-flash-preview"])
@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_a_request_is_one_that_google_takes(bound: Any, exchange: Exchange, model: str) -> None:
    said = json.dumps({**(exchange.openai_request or {}), "model": "m"})
    ask = chat.read(msgspec.json.decode(said, type=dict[str, msgspec.Raw]))
    try:
        request = bound("gemini", model, drop_params=True).request(ask)
    except BadRequest as error:
        assert "is not known to Gemini" in error.message or "does not have" in error.message
        return

    body = json.loads(request.body)
    types.GenerationConfig.model_validate(body.get("generationConfig", {}))
    types.ToolConfig.model_validate(body.get("toolConfig", {}))
    for tool in body.get("tools", []):
        types.Tool.model_validate(tool)
    for content in [body.get("systemInstruction", {}), *body["contents"]]:
        types.Content.model_validate(content)
    _in_order(body["contents"])


def _in_order(contents: list[dict[str, Any]]) -> None:
    """Check what Google checks of a conversation."""
    calls = 0
    for number, content in enumerate(contents):
        assert content["role"] == ("model" if number % 2 else "user")
        assert content["parts"]
        assert all(part.get("text") != "" or "thoughtSignature" in part for part in content["parts"])
        if content["role"] == "user":
            assert sum("functionResponse" in part for part in content["parts"]) == calls
        calls = sum("functionCall" in part for part in content["parts"])
