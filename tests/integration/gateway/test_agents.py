"""What coding agents send, in small: through every dialect, and the requests beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tianji_testkit.crossing import Crossing
from tianji_testkit.scripted import SERVED
from tianji_testkit.scripted.script import WEATHER

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARK = {"type": "ephemeral"}
USER = '{"device_id":"' + 64 * "d" + '","account_uuid":"","session_id":"5e55"}'
BETAS = (
    "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,"
    "prompt-caching-scope-2026-01-05,mid-conversation-system-2026-04-07,effort-2025-11-24"
)
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1, "description": "The city."},
        "status": {"anyOf": [{"type": "string", "enum": ["open"]}, {"type": "string", "const": "gone"}]},
        "metadata": {"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {}},
        "days": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
        "url": {"type": "string", "format": "uri"},
    },
    "required": ["city"],
    "additionalProperties": False,
}
CLAUDE: dict[str, Any] = {
    "max_tokens": 32000,
    "stream": True,
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "high"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "metadata": {"user_id": USER},
    "system": [
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.197.1; cc_entrypoint=cli;"},
        {"type": "text", "text": "You are an agent.", "cache_control": MARK},
    ],
    "tools": [{"name": "get_weather", "description": "Weather.", "input_schema": SCHEMA}],
}
CODEX: dict[str, Any] = {
    "stream": True,
    "store": False,
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "01a1feaf-e85a-7e82-a60d-4ca4500ec78e",
    "client_metadata": {"session_id": "01a1feaf", "turn_id": "01a1feb0"},
    "text": {"verbosity": "low"},
    "tools": [
        {"type": "function", "name": "get_weather", "strict": False, "parameters": SCHEMA},
        {
            "type": "custom",
            "name": "apply_patch",
            "description": "Edits files.",
            "format": {"type": "grammar", "syntax": "lark", "definition": 'start: "*** Begin Patch" LF'},
        },
        {
            "type": "namespace",
            "name": "multi_agent_v1",
            "description": "Agents.",
            "tools": [{"type": "function", "name": "wait_agent", "strict": False, "parameters": SCHEMA}],
        },
        {"type": "tool_search", "execution": "client", "description": "Finds tools.", "parameters": SCHEMA},
        {"type": "web_search", "external_web_access": True, "search_content_types": ["text"]},
    ],
}


class Agent:
    """Sends bodies as they are."""

    def __init__(self, crossing: Crossing, session: aiohttp.ClientSession) -> None:
        self.crossing = crossing
        self.session = session
        self.headers = {"authorization": f"Bearer {crossing.key}"}

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> str:
        self.crossing.providers.asked.clear()
        url = self.crossing.url + path
        async with self.session.post(url, json=body, headers={**self.headers, **headers}) as answer:
            text = await answer.text()
            assert self.crossing.providers.refusals() == []
            assert answer.status == 200, text
            return text


@pytest_asyncio.fixture(loop_scope="module")
async def agent(crossing: Crossing) -> AsyncIterator[Agent]:
    async with aiohttp.ClientSession() as session:
        yield Agent(crossing, session)


@pytest.mark.parametrize("dialect", SERVED)
async def test_claude_codes_request_is_served_by_every_provider(agent: Agent, dialect: str) -> None:
    messages = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "<system-reminder>\nIt is Monday.\n</system-reminder>"},
                {"type": "text", "text": WEATHER, "cache_control": MARK},
            ],
        },
        {"role": "system", "content": "These agents can be used: none."},
    ]
    body = {**CLAUDE, "model": dialect, "messages": messages}

    said = await agent.post("/v1/messages?beta=true", body, **{"anthropic-beta": BETAS})

    assert said.count('"tool_use"') >= 2
    assert '"stop_reason":"tool_use"' in said
    arrived = agent.crossing.providers.asked[-1]
    assert "messages" in SERVED[dialect].speaks or b"billing-header" not in arrived.body


@pytest.mark.parametrize("dialect", SERVED)
async def test_codex_request_is_served_by_every_provider(agent: Agent, dialect: str) -> None:
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": WEATHER}]}
    rules = {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]}
    body = {**CODEX, "model": dialect, "input": [rules, message]}

    said = await agent.post("/v1/responses", body)

    assert said.count("response.function_call_arguments.done") >= 2
    assert "response.completed" in said


async def test_tokens_of_an_agents_request_are_counted(agent: Agent) -> None:
    body = {**CLAUDE, "model": "groq", "messages": [{"role": "user", "content": "Hello"}]}
    del body["max_tokens"], body["stream"]

    said = await agent.post("/v1/messages/count_tokens?beta=true", body)

    assert '"input_tokens":' in said


async def test_a_socket_is_declined_at_once(agent: Agent) -> None:
    url = agent.crossing.url + "/v1/responses"

    async with agent.session.get(url, headers=agent.headers) as answer:
        assert answer.status == 426


async def test_codex_finds_a_list_of_models_that_it_can_read(agent: Agent) -> None:
    url = agent.crossing.url + "/v1/models?client_version=0.169.0"

    async with agent.session.get(url, headers=agent.headers) as answer:
        assert (await answer.json())["models"] == []
