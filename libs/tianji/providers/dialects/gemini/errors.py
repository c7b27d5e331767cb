"""Google's errors: to our one error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from tianji.errors import UpstreamError
from tianji.providers.dialects.gemini.spelling import listed, mapped, said, text_of
from tianji.providers.dialects.openai_chat.errors import failure, read_error
from tianji.wire.values import Object

_BAD_KEY = ("API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_SERVICE_BLOCKED")
_CONDITIONS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


def error_of(
    provider: str, status: int, headers: Mapping[str, str], body: bytes, secret: str = ""
) -> UpstreamError:
    """Return the error of an answer with a status of 400 or more; `secret` is never repeated."""
    told = _told(body)
    if told is None:
        return read_error(provider, status, headers, body, secret)
    return read_google(provider, told, status, headers, secret)


def read_google(
    provider: str, told: Object, status: int = 0, headers: Mapping[str, str] | None = None, secret: str = ""
) -> UpstreamError:
    """Return the error of Google's `error` object, from an answer or from inside a stream."""
    details = [mapped(item) for item in listed(told.get("details"))]
    reasons = {text_of(item.get("reason")) for item in details}
    if status < 400:
        status = _status(told)
    if status == 400 and reasons.intersection(_BAD_KEY):
        status = 401  # Google calls a wrong key a wrong argument
    message = text_of(told.get("message")) or text_of(told.get("status")) or "no message"
    if len(secret) > 4:
        message = message.replace(secret, "***")
    passed = {name.lower(): value for name, value in (headers or {}).items()}
    wait = _wait(details)
    if wait is not None:
        passed.setdefault("retry-after", wait)
    return failure(provider, status, message, headers=passed)


def _told(body: bytes) -> Object | None:
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if isinstance(found, list) and found:
        found = found[0]
    told = found.get("error") if isinstance(found, dict) else None
    return told if isinstance(told, dict) else None


def _status(told: Object) -> int:
    code = told.get("code")
    if isinstance(code, int) and 400 <= code < 600:
        return code
    return _CONDITIONS.get(text_of(told.get("status")), 502)


def _wait(details: list[Object]) -> str | None:
    """Read how long to wait: seconds with fractions, such as `48.9s`."""
    for item in details:
        try:
            return str(math.ceil(float(text_of(said(item, "retryDelay")).removesuffix("s"))))
        except ValueError:
            continue
    return None
