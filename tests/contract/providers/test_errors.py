import json

import pytest

CASES = [
    (
        400,
        {
            "error": {
                "message": "Invalid 'messages[1].tool_calls[0].id': string too long. Expected at most 40."
            }
        },
        None,
        False,
    ),
    (
        400,
        {"error": {"message": "Invalid 'messages[0].content': string too long. Expected at most 10485760."}},
        "context_length_exceeded",
        False,
    ),
    (
        400,
        {"error": {"message": "too long", "code": "context_length_exceeded"}},
        "context_length_exceeded",
        False,
    ),
    (
        400,
        {"error": {"message": "This model's maximum context length is 5 tokens"}},
        "context_length_exceeded",
        False,
    ),
    (400, {"error": {"message": "prompt is too long: 9 tokens > 5"}}, "context_length_exceeded", False),
    (400, {"error": {"message": "filtered", "code": "content_filter"}}, "content_policy_violation", False),
    (
        400,
        {"error": {"message": "bad", "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        "content_policy_violation",
        False,
    ),
    (400, {"error": {"message": "max_tokens is too large"}}, None, False),
    (404, {"error": {"message": "no such model", "code": "model_not_found"}}, "model_not_found", True),
    (429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, "rate_limit_exceeded", True),
    (500, {"error": "broke"}, None, True),
    (503, {"detail": [{"msg": "busy"}]}, None, True),
    (502, "<html>Bad Gateway</html>", None, True),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, None, True),
]


@pytest.mark.parametrize(("status", "body", "code", "retryable"), CASES)
def test_kinds_of_errors_are_told_apart(bound, status, body, code, retryable):
    raw = body if isinstance(body, str) else json.dumps(body)

    error = bound("openai").error(status, {}, raw.encode())

    assert (error.status, error.code, error.retryable) == (status, code, retryable)
    assert error.message.startswith(f"openai answered {status}: ")


def test_refused_credentials_name_the_provider(bound):
    error = bound("anthropic", "claude").error(401, {}, b'{"error":{"message":"invalid x-api-key"}}')

    assert error.message == "anthropic refused the credentials of this deployment: invalid x-api-key"
    assert error.type == "authentication_error"


def test_the_time_to_wait_is_passed_on(bound):
    error = bound("openai").error(429, {"Retry-After": "7", "set-cookie": "x"}, b"{}")

    assert error.headers == {"retry-after": "7"}


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"5", b'{"error":null}', b'{"error":{"message":{"a":1}}}', b"\xff"]
)
def test_any_body_makes_an_error(bound, body):
    assert bound("openai").error(500, {}, body).message
