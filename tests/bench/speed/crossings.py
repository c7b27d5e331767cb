"""Client formats in front of providers' formats: what a piece of a stream costs on its way through both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from bench.speed.streams import PIECES

PACED = b"/paced/"
"""Where the addresses begin at which the provider sends piece by piece."""
_TEXT = "word " * 180
_MODELS: Mapping[str, str] = {
    "chat": "openai/gpt-4o, api_base: '{base}/v1'",
    "messages": "anthropic/claude-sonnet-4-5, api_base: '{base}'",
    "responses": "openai/o3-pro, api_base: '{base}/v1'",
    "generate_content": "gemini/gemini-2.5-flash, api_base: '{base}'",
    "converse": "bedrock/amazon.nova-lite-v1:0, api_base: '{base}', aws_region_name: us-east-1",
    "cohere": "cohere_chat/command-a-03-2025, api_base: '{base}'",
    "ollama": "ollama_chat/llama3.2, api_base: '{base}'",
}
"""A deployment of each dialect."""


class Crossing(NamedTuple):
    """A stream asked for in one format and answered in another."""

    front: str
    dialect: str

    key_is_known = True
    status = 200

    @property
    def name(self) -> str:
        """Return what the crossing is called."""
        return f"{self.front} > {self.dialect}"

    def request(self, port: int, key: str) -> bytes:
        """Return the bytes of the whole request."""
        path, fields = _asked(self.front, f"crossing-{self.dialect}")
        body = msgspec.json.encode(fields)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


FRONTS = ("chat", "messages", "responses", "generate_content")
CROSSINGS = (
    *(Crossing(front, front) for front in FRONTS),
    *(Crossing("chat", dialect) for dialect in _MODELS if dialect != "chat"),
    *(Crossing(front, "chat") for front in FRONTS if front != "chat"),
)
"""Formats that pass as they are first; then every decoder with one encoder, and every encoder with one
decoder."""


def config(provider: str) -> str:
    """Return the deployments as entries of `model_list`; `provider` is the provider's address."""
    base = provider + PACED.decode().rstrip("/")
    return "".join(
        f"  - model_name: crossing-{dialect}\n"
        f"    litellm_params: {{model: {model.format(base=base)}, api_key: sk-upstream}}\n"
        for dialect, model in _MODELS.items()
    )


def per_piece(cpu_us: float) -> float:
    """Return what a piece costs, from what a request does."""
    return cpu_us / PIECES


def _asked(front: str, model: str) -> tuple[str, dict[str, object]]:
    turn = {"role": "user", "content": _TEXT}
    if front == "messages":
        return "/v1/messages", {"model": model, "max_tokens": 512, "messages": [turn], "stream": True}
    if front == "responses":
        return "/v1/responses", {"model": model, "input": _TEXT, "stream": True}
    if front == "generate_content":
        contents = [{"role": "user", "parts": [{"text": _TEXT}]}]
        return f"/v1beta/models/{model}:streamGenerateContent?alt=sse", {"contents": contents}
    return "/v1/chat/completions", {"model": model, "messages": [turn], "stream": True}
