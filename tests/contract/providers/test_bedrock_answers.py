"""Whole answers and errors of Bedrock."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tianji.errors import UpstreamError
from tianji_testkit.bedrock import (
    KEYS,
    SONNET,
    ask,
)


@pytest.mark.parametrize(
    ("status", "kind", "message", "code", "type_"),
    [
        (
            400,
            "ValidationException:http://x/",
            "Input is too long for requested model.",
            "context_length_exceeded",
            None,
        ),
        (
            400,
            "ValidationException",
            "expected maxLength: 50000, actual: 50001, please reformat",
            "context_length_exceeded",
            None,
        ),
        (429, "ThrottlingException", "Too many tokens, please wait", None, "rate_limit_error"),
        (403, "AccessDeniedException", "You don't have access", None, "permission_error"),
        (404, "ResourceNotFoundException", "no such model", None, "not_found_error"),
        (503, "ServiceUnavailableException", "busy", None, "api_error"),
        (400, "ServiceQuotaExceededException", "quota", None, "rate_limit_error"),
    ],
)
def test_errors_keep_their_kind(
    bound: Callable[..., Any], status: int, kind: str, message: str, code: str | None, type_: str | None
):
    body = json.dumps({"message": message}).encode()
    error = bound("bedrock", SONNET, **KEYS).error(status, {"x-amzn-ErrorType": kind}, body)

    assert isinstance(error, UpstreamError)
    assert message in error.message
    assert error.code == code
    assert type_ is None or error.type == type_


def test_the_stop_sequence_that_was_met_is_told(bound: Callable[..., Any]):
    body = {
        "output": {"message": {"role": "assistant", "content": [{"text": "a"}]}},
        "stopReason": "stop_sequence",
        "additionalModelResponseFields": {"stop_sequence": "X"},
    }
    answer = bound("bedrock", SONNET, **KEYS).response(json.dumps(body).encode(), ask())

    assert (answer.choices[0].finish, answer.choices[0].stop_sequence) == ("stop", "X")


def test_a_fault_of_the_models_host_may_be_tried_again(bound: Callable[..., Any]):
    error = bound("bedrock", SONNET, **KEYS).error(
        424, {"x-amzn-errortype": "ModelErrorException"}, b'{"message":"x"}'
    )

    assert error.retryable


def test_an_answer_that_is_none_is_an_error(bound: Callable[..., Any]):
    for body in (b"", b"<html>", b"[]", b'{"output": 1}'):
        for model in (
            SONNET,
            f"invoke/{SONNET}",
            "invoke/openai.gpt-oss-20b-1:0",
            "invoke/us.amazon.nova-lite-v1:0",
        ):
            with pytest.raises(UpstreamError, match="cannot be read"):
                bound("bedrock", model, **KEYS).response(body, ask())
