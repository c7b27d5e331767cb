"""Client formats in front of providers' formats: what a piece of a stream costs on its way through both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from bench.speed.streams import PIECES

PACED = b"/paced/"
"""Where the addresses begin at which the provider sends piece by piece."""
_TEXT = "word " * 180


REQUIRED: Mapping[str, str] = {"api_key": "sk-upstream", "aws_region_name": "us-east-1"}
"""What one or another of the deployments asks for."""


class Offer(NamedTuple):
    """A deployment that speaks a dialect."""

    model: str
    base: str = ""
    """What follows the provider's address in its `api_base`."""
    more: Mapping[str, object] = {}


DEPLOYMENTS: Mapping[str, Offer] = {
    "chat": Offer("openai/gpt-4o", "/v1", {"use_chat_completions_api": True}),
    "messages": Offer("anthropic/claude-sonnet-4-5"),
    "responses": Offer("openai/o3-pro", "/v1"),
    "generate_content": Offer("gemini/gemini-2.5-flash"),
    "converse": Offer("bedrock/amazon.nova-lite-v1:0"),
    "cohere": Offer("cohere_chat/command-a-03-2025"),
    "ollama": Offer("ollama_chat/llama3.2"),
}
"""By the dialect."""


class Crossing(NamedTuple):
    """A stream asked for in one format and answered in another."""

    front: str
    dialect: str

    @property
    def name(self) -> str:
        """Return what the crossing is called."""
        return f"{self.front} > {self.dialect}"

    @property
    def key_is_known(self) -> bool:
        """Say that its key is accepted."""
        return True

    @property
    def status(self) -> int:
        """Return the status of a right answer."""
        return 200

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
    *(Crossing("chat", dialect) for dialect in DEPLOYMENTS if dialect != "chat"),
    *(Crossing(front, "chat") for front in FRONTS if front != "chat"),
)
"""Formats that pass as they are first; then every decoder with one encoder, and every encoder with one
decoder."""


def config(provider: str) -> str:
    """Return the deployments as entries of `model_list`; `provider` is the provider's address."""

    def entry(dialect: str, offer: Offer) -> str:
        params = {"model": offer.model, "api_base": base + offer.base, **REQUIRED, **offer.more}
        made = {"model_name": f"crossing-{dialect}", "litellm_params": params}
        return f"  - {msgspec.json.encode(made).decode()}\n"

    base = provider + PACED.decode().rstrip("/")
    return "".join(entry(dialect, offer) for dialect, offer in DEPLOYMENTS.items())


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
