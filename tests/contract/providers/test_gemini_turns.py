"""Conversations on their way to Gemini, whatever a client says."""

import json
from typing import Any

import pytest

from tianji.wire.chat import ChatFront
from tianji.wire.messages import MessagesFront
from tianji_testkit.gemini import NEW, OLD, USER, call, result, sender

chat, messages = ChatFront(), MessagesFront()


@pytest.fixture
def sent(bound, fields):
    return sender(bound, fields)


def test_turns_of_one_side_are_merged_empty_ones_left_out_and_instructions_stand_apart(sent):
    body = sent(
        messages=[
            {"role": "system", "content": "a"},
            {"role": "assistant", "content": "first"},
            {"role": "user", "content": "b"},
            {"role": "developer", "content": "c"},
            {"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text", "text": "d"}]},
            {"role": "assistant", "content": ""},
        ]
    )

    assert body["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "c"}]}
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "."}]},
        {"role": "model", "parts": [{"text": "first"}]},
        {"role": "user", "parts": [{"text": "b"}, {"text": "d"}]},
    ]


def test_a_picture_among_the_instructions_is_shown_by_the_user(sent):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    body = sent(messages=[{"role": "system", "content": [{"type": "text", "text": "a"}, picture]}, USER])

    assert body["systemInstruction"] == {"parts": [{"text": "a"}]}
    assert [list(part) for part in body["contents"][0]["parts"]] == [["inlineData"], ["text"]]


def test_instructions_alone_are_what_the_user_says(sent):
    body = sent(messages=[{"role": "system", "content": "a"}])

    assert body == {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}


def test_results_stand_in_one_turn_in_the_order_of_their_calls(sent):
    body = sent(
        OLD,
        messages=[
            USER,
            {"role": "assistant", "tool_calls": [call("1", "f", '{"x":1}'), call("2", "g"), call("3", "h")]},
            result("2", '{"warm": true}'),
            result("1", "fine"),
            {"role": "user", "content": "and?"},
        ],
    )

    assert body["contents"][1]["parts"][0] == {"functionCall": {"id": "1", "name": "f", "args": {"x": 1}}}
    answers = [part["functionResponse"] for part in body["contents"][2]["parts"][:3]]
    assert [(one["id"], one["name"]) for one in answers] == [("1", "f"), ("2", "g"), ("3", "h")]
    assert [one["response"] for one in answers[:2]] == [{"result": "fine"}, {"warm": True}]
    assert "error" in answers[2]["response"]  # nobody answered the third
    assert body["contents"][2]["parts"][3:] == [{"text": "and?"}]


def test_a_result_that_nobody_called_for_is_told_in_words(sent):
    body = sent(messages=[USER, result("gone", "fine")])

    assert body["contents"][0]["parts"] == [{"text": 'Result of gone: {"result":"fine"}'}, {"text": "hi"}]


def test_calls_at_the_end_get_an_answer(sent):
    body = sent(messages=[USER, {"role": "assistant", "tool_calls": [call("1")]}])

    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]


def test_a_failed_result_and_a_picture_in_one_are_kept(bound, fields):
    picture = {"type": "base64", "media_type": "image/png", "data": "AA=="}
    request = fields(
        max_tokens=5,
        messages=[
            USER,
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "is_error": True,
                        "content": [{"type": "text", "text": "no"}, {"type": "image", "source": picture}],
                    }
                ],
            },
        ],
    )
    inline = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}

    def parts(model: str) -> list[Any]:
        body = json.loads(bound("gemini", model).request(messages.read(request)).body)
        found: list[Any] = body["contents"][2]["parts"]
        return found

    answer = {"id": "t", "name": "f", "response": {"error": "no"}}
    assert parts(NEW) == [{"functionResponse": {**answer, "parts": [inline]}}]
    assert parts(OLD) == [{"functionResponse": answer}, inline]


def test_a_signature_comes_back_with_its_call_and_an_unsigned_first_call_says_so(sent):
    def signatures(model: str) -> list[Any]:
        body = sent(
            model,
            messages=[
                USER,
                {"role": "assistant", "tool_calls": [call("0")]},
                result("0", "x"),
                {"role": "user", "content": "next"},
                {"role": "assistant", "tool_calls": [call("1__thought__c2ln"), call("2")]},
                result("1__thought__c2ln", "x"),
                result("2", "x"),
                {"role": "assistant", "tool_calls": [call("3")]},
                result("3", "x"),
            ],
        )
        parts = [part for content in body["contents"] for part in content["parts"] if "functionCall" in part]
        return [(part["functionCall"]["id"], part.get("thoughtSignature")) for part in parts]

    unsigned = "skip_thought_signature_validator"
    assert signatures(NEW) == [("0", None), ("1", "c2ln"), ("2", None), ("3", unsigned)]
    assert signatures(OLD) == [("0", None), ("1", "c2ln"), ("2", None), ("3", None)]


def test_only_geminis_own_thoughts_go_back(sent):
    def thought(signature: str, text: str = "hm") -> dict[str, str]:
        return {"type": "thinking", "thinking": text, "signature": signature}

    blocks = [
        thought("ErUBanthropic"),
        thought("openai:x"),
        thought("gemini:c2ln"),
        thought("gemini:dGV4", ""),
    ]
    body = sent(messages=[USER, {"role": "assistant", "content": "so", "thinking_blocks": blocks}, USER])

    assert body["contents"][1]["parts"] == [
        {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "", "thoughtSignature": "dGV4"},
        {"text": "so"},
    ]


@pytest.mark.parametrize(
    ("part", "written"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/webp;base64,AA==", "detail": "high"}},
            {
                "inlineData": {"mimeType": "image/webp", "data": "AA=="},
                "mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"},
            },
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://a.test/b/c.jpg?d=e"}},
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://a.test/b/c.jpg?d=e"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
            {"inlineData": {"mimeType": "audio/mpeg", "data": "AA=="}},
        ),
        (
            {"type": "video_url", "video_url": {"url": "https://www.youtube.com/watch?v=1"}},
            {"fileData": {"mimeType": "video/mp4", "fileUri": "https://www.youtube.com/watch?v=1"}},
        ),
        (
            {"type": "file", "file": {"file_id": "https://generativelanguage.googleapis.com/v1beta/files/1"}},
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/1"}},
        ),
        (
            {
                "type": "file",
                "file": {"file_id": "gs://b/c.mp4", "format": "video/mp4", "video_metadata": {"fps": 5}},
            },
            {
                "fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/c.mp4"},
                "videoMetadata": {"fps": 5},
            },
        ),
        (
            {"type": "file", "file": {"file_id": "gs://b/report", "format": "application/pdf"}},
            {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/report"}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "AA=="}},
        ),
    ],
)
def test_media_are_inline_or_named_by_their_address(sent, part, written):
    assert sent(messages=[{"role": "user", "content": [part]}])["contents"][0]["parts"] == [written]
