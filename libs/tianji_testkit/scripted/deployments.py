"""How the gateway is told of each scripted provider, and what may be asked of the models there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tianji_testkit.scripted.bedrock import KEY_ID, SECRET
from tianji_testkit.scripted.contract import Shows
from tianji_testkit.scripted.google_tokens import service_account

KEY = "sk-upstream"


@dataclass(frozen=True)
class Served:
    """A deployment of a scripted provider; its params are given the provider's address."""

    provider: str
    model: str
    shows: Shows
    params: Callable[[str], Mapping[str, Any]] = lambda url: {"api_base": url, "api_key": KEY}
    thinks: bool = True
    """Whether the model may be asked to think."""
    sees: bool = True
    """Whether the model takes pictures."""
    forces: bool = True
    """Whether the provider can be told to call a tool."""
    speaks: frozenset[str] = frozenset()
    """Client formats that are the provider's own."""


def _v1(url: str) -> Mapping[str, Any]:
    return {"api_base": url + "/v1", "api_key": KEY}


def _aws(url: str) -> Mapping[str, Any]:
    return {
        "api_base": url,
        "api_key": None,
        "aws_access_key_id": KEY_ID,
        "aws_secret_access_key": SECRET,
        "aws_region_name": "us-east-1",
    }


def _vertex(url: str) -> Mapping[str, Any]:
    return {
        "api_base": url,
        "api_key": None,
        "vertex_credentials": service_account(url.rpartition("/")[0]),
        "vertex_project": "scripted",
        "vertex_location": "us-central1",
    }


_ALL = Shows(thought=True, cached=True, reasoning=True)
_COUNTED = Shows(cached=True, reasoning=True)

SERVED: Mapping[str, Served] = {
    "openai": Served("openai", "gpt-5-mini", _COUNTED, _v1, speaks=frozenset(("chat", "responses"))),
    "azure": Served("azure", "gpt-5-mini", _COUNTED, speaks=frozenset(("chat", "responses"))),
    "anthropic": Served(
        "anthropic", "claude-sonnet-4-5", Shows(thought=True, cached=True), speaks=frozenset(("messages",))
    ),
    "gemini": Served("gemini", "gemini-3-pro-preview", _ALL, speaks=frozenset(("generate_content",))),
    "vertex_ai": Served(
        "vertex_ai", "gemini-3-pro-preview", _ALL, _vertex, speaks=frozenset(("generate_content",))
    ),
    "vertex_claude": Served(
        "vertex_ai",
        "claude-sonnet-4-5@20250929",
        Shows(thought=True, cached=True),
        _vertex,
        speaks=frozenset(("messages",)),
    ),
    "bedrock": Served(
        "bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", Shows(thought=True, cached=True), _aws
    ),
    "cohere": Served("cohere", "command-a-reasoning-08-2025", Shows(thought=True), sees=False),
    "mistral": Served("mistral", "mistral-large-latest", Shows(), _v1, thinks=False),
    "groq": Served(
        "groq",
        "openai/gpt-oss-120b",
        Shows(thought=True),
        lambda url: {"api_base": url + "/openai/v1", "api_key": KEY},
        sees=False,
    ),
    "deepseek": Served("deepseek", "deepseek-reasoner", _ALL, sees=False, speaks=frozenset(("chat",))),
    "hosted_vllm": Served("hosted_vllm", "qwen3", Shows(thought=True), _v1, speaks=frozenset(("chat",))),
    "ollama_chat": Served("ollama_chat", "qwen3", Shows(thought=True), forces=False),
}
"""By the name of the dialect, which is also the name of the model that clients ask for."""
