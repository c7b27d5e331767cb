import json

import pytest

from tianji.errors import BadRequest
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Text, ToolCall, Used

front = ChatFront()


def test_a_mock_response_answers_whatever_the_provider(bound, fields):
    upstream = bound("anthropic", "claude", mock_response="Hello there")
    ask = front.read(fields())

    canned = upstream.request(ask).canned
    answer = upstream.response(b"".join(canned.chunks), ask)

    assert answer.choices[0].blocks == [Text("Hello there")]
    assert answer.usage.estimated
    assert answer.usage.output_tokens > 0


def test_a_stream_comes_word_by_word(bound, fields):
    upstream = bound("openai", mock_response=" One  two\n\nthree ")
    ask = front.read(fields(stream=True, n=2))
    decoder = upstream.stream(ask)

    events = [decoder.feed(chunk) for chunk in upstream.request(ask).canned.chunks]

    texts = [
        event.text for batch in events for event in batch if hasattr(event, "text") and event.choice == 1
    ]
    assert texts == [" One", "  two", "\n\nthree "]
    assert decoder.complete
    assert [event.usage.estimated for batch in events for event in batch if isinstance(event, Used)] == [True]


@pytest.mark.parametrize("stream", [False, True])
def test_a_whole_completion_may_be_given(bound, fields, stream):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    said = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    upstream = bound("openai", mock_response=said)
    ask = front.read(fields(stream=stream))

    chunks = upstream.request(ask).canned.chunks

    if stream:
        events = upstream.stream(ask).feed(b"".join(chunks))
        assert any(getattr(event, "block", None) == ToolCall("c", "f") for event in events)
    else:
        assert upstream.response(chunks[0], ask).choices[0].blocks == [ToolCall("c", "f", "{}")]


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ("litellm.RateLimitError", 429, None),
        ("litellm.ContextWindowExceededError", 400, "context_length_exceeded"),
        ("litellm.ContentPolicyViolationError", 400, "content_policy_violation"),
        ("litellm.InternalServerError", 500, None),
    ],
)
def test_special_values_fail_in_their_way(bound, fields, said, status, code):
    upstream = bound("openai", mock_response=said)

    canned = upstream.request(front.read(fields())).canned
    error = upstream.error(canned.status, canned.headers, b"".join(canned.chunks))

    assert (canned.status, error.status, error.code) == (status, status, code)
    assert json.loads(front.error(error))["error"]["message"]


def test_a_mock_that_is_neither_text_nor_object_is_refused(bound):
    with pytest.raises(BadRequest, match="mock_response must be"):
        bound("openai", mock_response=5)
