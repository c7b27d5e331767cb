"""A conversation that began on one provider goes on at another, without what only the first can check."""

import base64
import json
from typing import Any

import pytest

from tianji.wire.chat import ChatFront
from tianji.wire.messages import MessagesFront

chat, messages = ChatFront(), MessagesFront()
USER = {"role": "user", "content": "keep __thought__ here"}
SEALED = "call_1__thought__c2ln/bmVk+w=="


@pytest.mark.parametrize("provider", ["openai", "azure"])
def test_calls_that_gemini_signed_have_plain_ids_elsewhere(bound, fields, provider):
    call = {"id": SEALED, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    conversation = [
        USER,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": SEALED, "content": '{"id":"x__thought__y"}'},
    ]
    base = {"api_base": "https://a.test"} if provider == "azure" else {}
    upstream = bound(provider, "gpt-4o", **base)

    for request in (
        upstream.forward("chat", fields(messages=conversation), stream=False),
        upstream.request(chat.read(fields(messages=conversation))),
    ):
        user, assistant, result = json.loads(request.body)["messages"]
        assert user["content"] == USER["content"]
        assert assistant["tool_calls"][0]["id"] == result["tool_call_id"] == "call_1"
        assert result["content"] == '{"id":"x__thought__y"}'


def test_another_gateway_gets_the_signatures(bound, fields):
    call = {"id": SEALED, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    upstream = bound("openai", "gemini", api_base="https://gateway.test/v1")

    body = upstream.forward(
        "chat", fields(messages=[{"role": "assistant", "tool_calls": [call]}]), stream=False
    ).body
    assert SEALED in body.decode()


def test_openais_models_behind_a_proxy_get_plain_ids_and_no_thoughts(bound, fields):
    call = {"id": SEALED, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = {"role": "assistant", "tool_calls": [call], "reasoning_content": "hm", "thinking_blocks": []}
    upstream = bound("openai", "gpt-4o", api_base="https://proxy.test/v1")

    body = json.loads(upstream.forward("chat", fields(messages=[said]), stream=False).body)
    assert body["messages"] == [{"role": "assistant", "tool_calls": [{**call, "id": "call_1"}]}]


def sealed(kind: str, value: str) -> str:
    return base64.b64encode(f"tianji:{kind}:{value}".encode()).decode()


def test_what_others_signed_does_not_reach_gemini(bound, fields):
    call = {"functionCall": {"name": "f", "args": {}}}
    own = {"text": "own", "thoughtSignature": "c2ln"}
    contents = [
        {"role": "user", "parts": [{"text": "a"}]},
        {"role": "model", "parts": [{"thought": True, "thoughtSignature": sealed("encrypted", "openai:x")}]},
        {"role": "user", "parts": [{"text": "b"}]},
        {
            "role": "model",
            "parts": [
                {"text": "hm", "thought": True, "thoughtSignature": sealed("signature", "ErUB")},
                {"text": "so", "thoughtSignature": sealed("signature", "ErUB")},
                own,
                call,
            ],
        },
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]},
    ]

    def sent(model: str) -> list[dict[str, Any]]:
        request = bound("gemini", model).forward("generate_content", fields(contents=contents), stream=False)
        return json.loads(request.body)["contents"]

    assert [turn["role"] for turn in sent("gemini-2.5-pro")] == ["user", "user", "model", "user"]
    assert sent("gemini-2.5-pro")[2]["parts"] == [{"text": "so"}, own, call]
    signed = {**call, "thoughtSignature": "skip_thought_signature_validator"}
    assert sent("gemini-3-pro-preview")[2]["parts"] == [{"text": "so"}, own, signed]


def test_calls_of_models_that_do_not_sign_go_on_at_a_gemini_that_wants_them_signed(bound, fields):
    call = {"functionCall": {"name": "f", "args": {}}}
    contents = [
        {"parts": [{"text": "a"}]},
        {"role": "model", "parts": [{"text": "so"}, call, call]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}] * 2},
    ]
    request = fields(contents=contents)

    def sent(model: str) -> bytes:
        return bound("gemini", model).forward("generate_content", request, stream=False).body

    signed = {**call, "thoughtSignature": "skip_thought_signature_validator"}
    assert json.loads(sent("gemini-3-pro-preview"))["contents"][1]["parts"] == [{"text": "so"}, signed, call]
    assert bytes(request["contents"]) in sent("gemini-2.5-pro")


def test_thoughts_that_others_signed_do_not_reach_anthropic(bound, fields):
    def thought(signature: str) -> dict[str, str]:
        return {"type": "thinking", "thinking": "hm", "signature": signature}

    hidden = {"type": "redacted_thinking", "data": "openai:abc"}
    text = {"type": "text", "text": "so"}
    call = {"type": "tool_use", "id": SEALED, "name": "f", "input": {}}
    conversation = [
        USER,
        {"role": "assistant", "content": [thought("gemini:c2ln"), hidden]},
        USER,
        {"role": "assistant", "content": [thought("ErUBown"), thought("gemini:c2ln"), text, call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": SEALED, "content": "x"}]},
    ]
    upstream = bound("anthropic", "claude-sonnet-4-5")
    request = fields(max_tokens=5, messages=conversation)

    for sent in (
        upstream.forward("messages", request, stream=False),
        upstream.request(messages.read(request)),
    ):
        turns = json.loads(sent.body)["messages"]
        kept = [block for turn in turns if turn["role"] == "assistant" for block in turn["content"]]
        assert [block["type"] for block in kept] == ["thinking", "text", "tool_use"]
        assert kept[0]["signature"] == "ErUBown"
        assert kept[2]["id"] == turns[-1]["content"][0]["tool_use_id"] == "call_1"


def test_a_conversation_without_marks_passes_byte_for_byte(bound, fields):
    request = fields(max_tokens=5, messages=[{"role": "user", "content": [{"type": "text", "text": "é  "}]}])

    body = bound("anthropic", "claude-sonnet-4-5").forward("messages", request, stream=False).body
    assert bytes(request["messages"]) in body


@pytest.mark.parametrize("signature", ["", "gemini:c2ln"])
def test_claude_goes_on_without_thinking_from_calls_that_others_thought_out(bound, fields, signature):
    thought = {"type": "thinking", "thinking": "hm", "signature": signature}
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    conversation = [
        USER,
        {"role": "assistant", "content": [thought, call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]},
    ]
    thinking = {"type": "enabled", "budget_tokens": 1024}
    upstream = bound("anthropic", "claude-sonnet-4-5")

    request = fields(max_tokens=2000, thinking=thinking, messages=conversation)
    for sent in (
        upstream.forward("messages", request, stream=False),
        upstream.request(messages.read(request)),
    ):
        body = json.loads(sent.body)
        assert body["messages"][1]["content"] == [call]
        assert "thinking" not in body
        assert any("dropped thinking" in word for word in sent.warnings)

    unthought = [USER, {"role": "assistant", "content": [call]}, conversation[2]]
    request = fields(max_tokens=2000, thinking=thinking, messages=unthought)
    assert "thinking" not in json.loads(upstream.forward("messages", request, stream=False).body)

    signed = [USER, {"role": "assistant", "content": [thought, {**thought, "signature": "ErUB"}, call]}]
    request = fields(max_tokens=2000, thinking=thinking, messages=[*signed, conversation[2]])
    assert "thinking" in json.loads(upstream.forward("messages", request, stream=False).body)
