"""Whole answers and errors of Gemini."""

import json
from typing import Any

import pytest

from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Opaque, ToolCall
from tianji_testkit.gemini import NEW, USER, sender

chat = ChatFront()


@pytest.fixture
def sent(bound, fields):
    return sender(bound, fields)


def answered(bound: Any, ask: Any, *parts: Any, **candidate: Any) -> Any:
    body = {"candidates": [{"content": {"parts": list(parts)}, **candidate}], "modelVersion": NEW}
    return bound("gemini", NEW).response(json.dumps(body).encode(), ask)


def test_what_google_ran_itself_is_no_call_for_the_client_and_goes_back_as_it_came(bound, fields, sent):
    ran = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "c2ln"}
    gave = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}
    ask = chat.read(fields())
    answer = answered(bound, ask, {"text": "a"}, ran, gave, {"text": "b"}, finishReason="STOP")

    blocks = answer.choices[0].blocks
    assert [block.value for block in blocks if isinstance(block, Opaque)] == [ran, gave]
    assert not any(isinstance(block, ToolCall) for block in blocks)
    message = json.loads(chat.write(answer, ask))["choices"][0]["message"]
    body = sent(messages=[USER, message, USER])
    assert body["contents"][1]["parts"] == [{"text": "a"}, ran, gave, {"text": "b"}]


def test_pictures_and_logprobs_reach_the_client(bound, fields):
    ask = chat.read(fields(logprobs=True))
    token = {"token": "é", "logProbability": -0.5}
    answer = answered(
        bound,
        ask,
        {"text": "é"},
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
        logprobsResult={"chosenCandidates": [token], "topCandidates": [{"candidates": [token]}]},
    )

    choice = json.loads(chat.write(answer, ask))["choices"][0]
    told = {"token": "é", "logprob": -0.5, "bytes": [195, 169]}
    assert choice["message"]["images"][0]["image_url"]["url"] == "data:image/png;base64,AA=="
    assert choice["logprobs"]["content"] == [{**told, "top_logprobs": [told]}]


def test_grounding_becomes_annotations_at_places_in_characters(bound, fields):
    grounding = {
        "webSearchQueries": ["a", "b"],
        "groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}, {"web": {"title": "nowhere"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 3, "endIndex": 6, "text": "fü"}, "groundingChunkIndices": [0, 1, 9]}
        ],
    }
    ask = chat.read(fields())
    answer = answered(bound, ask, {"text": "ü "}, {"text": "für"}, groundingMetadata=grounding)

    body = json.loads(chat.write(answer, ask))
    assert body["choices"][0]["message"]["annotations"] == [
        {
            "type": "url_citation",
            "url_citation": {"url": "https://a.test", "title": "A", "start_index": 2, "end_index": 4},
        }
    ]
    assert body["vertex_ai_grounding_metadata"] == [grounding]


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        ("SOMETHING_NEW", "stop"),
    ],
)
def test_each_end_has_a_word(bound, fields, raw, finish):
    choice = answered(bound, chat.read(fields()), {"text": "a"}, finishReason=raw).choices[0]

    assert (choice.finish, choice.finish_raw) == (finish, raw)


def test_tokens_are_counted_disjointly(bound, fields):
    metadata = {
        "promptTokenCount": 100,
        "toolUsePromptTokenCount": 20,
        "cachedContentTokenCount": 60,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 5,
        "totalTokenCount": 135,
        "promptTokensDetails": [
            {"modality": "AUDIO", "tokenCount": 30},
            {"modality": "TEXT", "tokenCount": 70},
        ],
    }
    body = json.dumps({"candidates": [], "promptFeedback": {}, "usageMetadata": metadata}).encode()

    usage = bound("gemini", NEW).response(body, chat.read(fields())).usage
    assert (usage.input_tokens, usage.output_tokens) == (120, 15)
    assert (usage.cache_read_tokens, usage.reasoning_tokens, usage.input_audio_tokens) == (60, 5, 30)


def test_a_tool_of_free_text_is_declared_with_one_argument_and_called_with_plain_text(bound, fields, sent):
    tool = {"type": "custom", "custom": {"name": "patch"}}
    ask = chat.read(fields(tools=[tool]))

    schema = sent(tools=[tool])["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]
    assert schema["required"] == ["input"]
    answer = answered(bound, ask, {"functionCall": {"name": "patch", "args": {"input": "a\nb"}}})
    called = answer.choices[0].blocks[0]
    assert (called.custom, called.arguments) == (True, "a\nb")
    assert called.id.startswith("call_")


def test_signatures_of_texts_are_kept_for_clients_that_follow_thoughts(bound, fields):
    part = {"text": "a", "thoughtSignature": "c2ln"}
    plain, thinking = chat.read(fields()), chat.read(fields(reasoning_effort="low"))

    assert len(answered(bound, plain, part).choices[0].blocks) == 1
    assert answered(bound, thinking, part).choices[0].blocks[1].signature == "gemini:c2ln"


def test_an_error_with_status_200_is_an_error(bound, fields):
    body = b'{"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}'

    with pytest.raises(Exception, match="Overloaded"):
        bound("gemini", NEW).response(body, chat.read(fields()))


def test_an_error_says_how_long_to_wait_and_whose_key_is_wrong(bound):
    upstream = bound("gemini", NEW, api_key="secret-key")
    quota = {
        "code": 429,
        "message": "later",
        "status": "RESOURCE_EXHAUSTED",
        "details": [{"retryDelay": "1.2s"}],
    }
    key = {"code": 400, "message": "bad secret-key", "details": [{"reason": "API_KEY_INVALID"}]}

    error = upstream.error(429, {}, json.dumps({"error": quota}).encode())
    assert (error.status, error.headers) == (429, {"retry-after": "2"})
    error = upstream.error(400, {}, json.dumps([{"error": key}]).encode())
    assert (error.status, error.type) == (401, "authentication_error")
    assert "gemini" in error.message
    assert "secret-key" not in error.message
