"""Errors of AWS' services: the exception's name and words to our one error, in bodies and in streams."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tianji.errors import UpstreamError
from tianji.providers.dialects.aws.frames import Frame
from tianji.providers.dialects.openai_chat.errors import failure
from tianji.wire.neutral import Failed

_TYPE_HEADER = "x-amzn-errortype"
_STATUS = {
    "accessdenied": 403,
    "conflict": 409,
    "expiredtoken": 403,
    "internalfailure": 500,
    "internalserver": 500,
    "modelerror": 424,
    "modelnotready": 429,
    "modelstreamerror": 424,
    "modeltimeout": 408,
    "resourcenotfound": 404,
    "servicequotaexceeded": 429,
    "serviceunavailable": 503,
    "throttling": 429,
    "toomanyrequests": 429,
    "unrecognizedclient": 403,
    "validation": 400,
}
_PASSING = ("modelerror", "modelstreamerror")
"""Faults of a model's host, told with a status of the 400s: the next attempt may succeed."""
_TOO_LONG = re.compile(r"expected maxLength: \d+, actual: \d+", re.IGNORECASE)
_LONGEST = 4000


def read_error(
    provider: str, status: int, headers: Mapping[str, str], body: bytes, secret: str = ""
) -> UpstreamError:
    """Return the error of an answer with a status of 400 or more; `secret` is never repeated."""
    fields = _fields(body)
    lower = {name.lower(): value for name, value in headers.items()}
    kind = kind_of(lower.get(_TYPE_HEADER) or fields.get("__type") or fields.get("code"))
    message = _message(fields, body)
    if secret and len(secret) > 4:
        message = message.replace(secret, "***")
    if kind == "servicequotaexceeded" and status == 400:
        status = _STATUS[kind]  # a quota is no fault of the request
    error = failure(provider, status, message, headers=lower, hint=_hint(message))
    error.retryable = error.retryable or kind in _PASSING
    return error


def read_failure(provider: str, frame: Frame) -> Failed | None:
    """Return the failure that a frame tells of; None for a frame of the answer."""
    sort = frame.headers.get(":message-type", "event")
    if sort == "exception":
        kind = kind_of(frame.headers.get(":exception-type"))
        fields = _fields(frame.payload)
        message = _message(fields, frame.payload)
        original = fields.get("originalStatusCode")
        status = original if isinstance(original, int) and original >= 400 else _STATUS.get(kind, 502)
    elif sort == "error":
        kind = kind_of(frame.headers.get(":error-code"))
        message = frame.headers.get(":error-message") or "no message"
        status = _STATUS.get(kind, 502)
    else:
        return None
    error = failure(provider, status, message, hint=_hint(message))
    return Failed(error.message, error.type, error.code, error.status)


def kind_of(name: Any) -> str:
    """Return an exception's name bare: without namespace, address and the word Exception, in lower case."""
    if not isinstance(name, str):
        return ""
    bare = name.partition(":")[0].rpartition("#")[2].rpartition(".")[2].lower()
    return bare.removesuffix("exception")


def _hint(message: str) -> str:
    return "context_length_exceeded" if _TOO_LONG.search(message) else ""


def _fields(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    inner = found.get("error")
    return inner if isinstance(inner, dict) else found


def _message(fields: dict[str, Any], body: bytes) -> str:
    for name in ("message", "Message", "errorMessage", "originalMessage", "OriginalMessage", "error"):
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value[:_LONGEST]
    return body.decode("utf-8", "replace").strip()[:_LONGEST] or "no message"
