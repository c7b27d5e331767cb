"""Providers that play a script over HTTP, and refuse what the real ones would refuse."""

from __future__ import annotations

from tianji_testkit.scripted.anthropic import Anthropic
from tianji_testkit.scripted.bedrock import Bedrock
from tianji_testkit.scripted.cohere import Cohere
from tianji_testkit.scripted.contract import Dialect
from tianji_testkit.scripted.deployments import SERVED, Served
from tianji_testkit.scripted.google import Gemini, Vertex
from tianji_testkit.scripted.google_tokens import TOKEN
from tianji_testkit.scripted.ollama import Ollama
from tianji_testkit.scripted.openai_alikes import Azure, AzureResponses, DeepSeek, Groq, Mistral, OpenAILike
from tianji_testkit.scripted.openai_chat import OpenAIChat
from tianji_testkit.scripted.openai_responses import OpenAIResponses
from tianji_testkit.scripted.server import ScriptedProviders
from tianji_testkit.scripted.vertex_claude import VertexClaude


def dialects() -> list[Dialect]:
    """Return all there are; those of one name answer at one address, by their paths."""
    return [
        OpenAIChat(),
        OpenAIResponses(),
        Azure(),
        AzureResponses(),
        Anthropic(),
        Gemini(),
        Vertex("vertex_ai", TOKEN),
        VertexClaude("vertex_claude", TOKEN),
        Bedrock(),
        Cohere(),
        Mistral(),
        Groq(),
        DeepSeek(),
        OpenAILike(),
        Ollama(),
    ]


__all__ = ["SERVED", "ScriptedProviders", "Served", "dialects"]
