"""The scripted providers refuse what the real ones refuse: without that the cross product proves nothing."""

from typing import Any

import msgspec
import pytest

from tianji_testkit.scripted import dialects
from tianji_testkit.scripted.contract import Asked, Refused
from tianji_testkit.scripted.deployments import KEY

DIALECTS = {dialect.name: dialect for dialect in reversed(dialects())}
PATHS = {
    "openai": "/v1/chat/completions",
    "mistral": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/gemini-3-pro-preview:generateContent",
    "bedrock": "/model/claude/converse",
    "cohere": "/v2/chat",
    "ollama_chat": "/api/chat",
}
HEADERS = {
    "authorization": f"Bearer {KEY}",
    "x-api-key": KEY,
    "x-goog-api-key": KEY,
    "anthropic-version": "2023-06-01",
}
USER = {"role": "user", "content": "hi"}
CALL = {"id": "D681PevK1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
USE = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]}
ASKED = {"role": "user", "parts": [{"text": "hi"}]}
FUNCTION = {"functionCall": {"name": "f", "args": {}}}
EMPTY = {"type": "text", "text": ""}
MODEL = {"role": "model", "parts": [FUNCTION]}
TOOL = {"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}


def anthropic(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 9, "messages": [USER, *messages], **more}


def bedrock(*messages: Any) -> dict[str, Any]:
    return {"messages": list(messages), "toolConfig": {"tools": [TOOL]}}


def ask(name: str, body: dict[str, Any], **headers: str) -> None:
    path = PATHS[name]
    asked = Asked(name, "POST", path, path, {}, HEADERS | headers, msgspec.json.encode(body), body)
    DIALECTS[name].read(asked)


@pytest.mark.parametrize(
    ("name", "body", "what"),
    [
        ("openai", {"model": "m", "messages": [USER, CALLED, USER]}, "must be followed by tool messages"),
        ("openai", {"model": "m", "messages": [USER], "top_k": 1}, "Unknown parameter: 'top_k'"),
        ("openai", {"model": "m", "messages": [USER], "tool_choice": "auto"}, "only allowed when 'tools'"),
        ("mistral", {"model": "m", "messages": [USER, CALLED, USER]}, "must be followed by tool messages"),
        ("mistral", {"model": "m", "messages": [USER], "seed": 1}, "extra_forbidden"),
        ("anthropic", {"model": "m", "messages": [USER]}, "max_tokens: Field required"),
        ("anthropic", anthropic(USER), "roles must alternate"),
        ("anthropic", anthropic(USE, USER), "without `tool_result` blocks"),
        (
            "anthropic",
            anthropic({"role": "assistant", "content": [{"type": "text", "text": ""}]}),
            "non-empty",
        ),
        ("anthropic", anthropic(tool_choice={"type": "any"}), "while providing tools"),
        (
            "anthropic",
            anthropic(
                {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": "y"}]}
            ),
            "Invalid `signature`",
        ),
        (
            "gemini",
            {"contents": [ASKED, {"role": "model", "parts": [FUNCTION]}, ASKED]},
            "number of function",
        ),
        (
            "gemini",
            {
                "contents": [
                    ASKED,
                    {"role": "model", "parts": [FUNCTION]},
                    {"parts": [{"functionResponse": {"name": "f", "response": {}}}]},
                ]
            },
            "missing a thought_signature",
        ),
        ("gemini", {"contents": [ASKED], "stream": True}, 'Unknown name "stream"'),
        (
            "gemini",
            {
                "contents": [ASKED],
                "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"$schema": "x"}}]}],
            },
            'Unknown name "$schema"',
        ),
        ("bedrock", bedrock({"role": "assistant", "content": [{"text": "hi"}]}), "must start with a user"),
        ("bedrock", bedrock({"role": "user", "content": [{"text": " "}]}), "is blank"),
        (
            "bedrock",
            bedrock(
                {"role": "user", "content": [{"text": "hi"}]},
                {
                    "role": "assistant",
                    "content": [{"toolUse": {"toolUseId": "a", "name": "f", "input": "x"}}],
                },
            ),
            "Provide a json object",
        ),
        ("cohere", {"model": "m", "messages": [USER, CALLED, USER]}, "must be followed by tool messages"),
        (
            "ollama_chat",
            {"model": "m", "messages": [{"role": "assistant", "content": "", "tool_calls": [CALL]}]},
            "cannot unmarshal string",
        ),
    ],
)
def test_it_refuses_in_the_vendors_words(name: str, body: dict[str, Any], what: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(name, body)

    assert what in refused.value.what
    assert refused.value.what.encode()[:20] in b"".join(DIALECTS[name].refusal(refused.value).events) or (
        name == "mistral"  # there the words are JSON themselves
    )


@pytest.mark.parametrize("name", [name for name in PATHS if name != "ollama_chat"])
def test_it_refuses_a_wrong_key(name: str) -> None:
    wrong = {"authorization": "Bearer x", "x-api-key": "x", "x-goog-api-key": "x"}
    with pytest.raises(Refused) as refused:
        ask(name, anthropic(), **wrong)

    assert refused.value.status in (400, 401, 403)
