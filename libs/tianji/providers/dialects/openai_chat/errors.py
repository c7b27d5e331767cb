"""Errors of providers that speak OpenAI's form: status, code and words to our one error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tianji.errors import UpstreamError

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
    504: "timeout_error",
}
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "insufficient_quota": 429,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "overloaded_error": 529,
}
"""What codes and types mean that OpenAI and Anthropic gave; another one may be anything."""
_CONTEXT = re.compile(
    r"context[_ ]length[_ ]exceeded|maximum context length|context window|prompt is too long"
    r"|input is too long|(?<!id': )(?<!name': )(?<!key': )string too long|too many (?:input )?tokens"
    r"|exceeds? the (?:model'?s? )?max(?:imum)? (?:number of )?tokens"
    r"|(?:input|prompt) (?:length|tokens?)[^.]{0,40}exceed",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"content[_ ](?:policy|filter|management)|responsible\s?ai|safety system|flagged as potentially violating"
    r"|invalid_prompt",
    re.IGNORECASE,
)
_PASSED_ON = ("retry-after", "retry-after-ms")
_LONGEST = 4000


def read_error(
    provider: str, status: int, headers: Mapping[str, str], body: bytes, secret: str = ""
) -> UpstreamError:
    """Return the error of an answer with a status of 400 or more; `secret` is never repeated."""
    fields = _fields(body)
    message = _message(fields, body)
    if secret and len(secret) > 4:
        message = message.replace(secret, "***")
    code = fields.get("code")
    return failure(
        provider,
        status,
        message,
        code=str(code) if code not in (None, "", status, str(status)) else None,
        type=fields.get("type"),
        param=fields.get("param"),
        headers=headers,
        hint=f"{code} {fields.get('type')} {_inner(fields)}",
    )


def inside(provider: str, body: bytes) -> UpstreamError | None:
    """Return the error that an answer with a status of 200 turns out to be; None if it is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    choices = found.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("error") is not None:
            return told(provider, choice["error"])  # as of OpenRouter
    if choices or (found.get("error") is None and found.get("object") != "error"):
        return None
    return told(provider, _fields(body))


def told(provider: str, error: Any) -> UpstreamError:
    """Read an error object without a status of its own: vendors say it in a field, or not at all."""
    fields = error if isinstance(error, dict) else {"message": str(error)}
    code = fields.get("code")
    said = (fields.get("status_code"), fields.get("status"), code)
    numbers = [int(one) for one in said if isinstance(one, (int, str)) and str(one).isdecimal()]
    status = next((number for number in numbers if 400 <= number < 600), None)
    words = (word for word in (code, fields.get("type")) if isinstance(word, str))
    return failure(
        provider,
        status or next((_STATUS[word] for word in words if word in _STATUS), 502),
        _message(fields, b""),
        code=str(code) if code is not None else None,
        type=fields.get("type"),
        param=fields.get("param"),
        hint=f"{code} {fields.get('type')}",
        said=status is not None,
    )


def failure(
    provider: str,
    status: int,
    message: str,
    *,
    code: str | None = None,
    type: Any = None,
    param: Any = None,
    headers: Mapping[str, str] | None = None,
    hint: str = "",
    said: bool = True,
) -> UpstreamError:
    """Return a provider's error with its kind told apart: too long, refused, too many, no access.

    `said`: the status is the provider's own; else it is 400 where the words tell of the request.
    """
    if status in (400, 413, 422) or not said:
        kind = _kind_of(f"{hint} {message}")
        if kind is not None:
            code, status = kind, status if said else 400
    if status == 401 or (status == 403 and code is None):
        message = f"{provider} refused the credentials of this deployment: {message}"
    else:
        message = f"{provider} answered {status}: {message}" if said else f"{provider}: {message}"
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    return UpstreamError(
        message,
        provider=provider,
        status=status,
        type=type if isinstance(type, str) and type else _type_of(status),
        code=code,
        param=param if isinstance(param, str) else None,
        headers={name: lower[name] for name in _PASSED_ON if name in lower},
        retryable=status in (401, 403, 404, 408, 409, 425, 429) or status >= 500,
    )


def _kind_of(words: str) -> str | None:
    if _CONTEXT.search(words):
        return "context_length_exceeded"
    return "content_policy_violation" if _POLICY.search(words) else None


def _type_of(status: int) -> str:
    return _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")


def _fields(body: bytes) -> dict[str, Any]:
    """Find the object that tells of the error, wherever a vendor puts it."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return {"message": found} if isinstance(found, str) else {}
    for name in ("error", "detail", "errors"):
        inner = found.get(name)
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if isinstance(inner, dict):
            return inner
        if isinstance(inner, str) and inner:
            return {"type": None, "param": None, **found, "message": found.get("message") or inner}
    return found


def _inner(fields: dict[str, Any]) -> str:
    inner = fields.get("innererror")
    return str(inner.get("code")) if isinstance(inner, dict) else ""


def _message(fields: dict[str, Any], body: bytes) -> str:
    for name in ("message", "msg", "detail", "title"):
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value[:_LONGEST]
        if value:
            return msgspec.json.encode(value).decode()[:_LONGEST]
    text = body.decode("utf-8", "replace").strip()
    return text[:_LONGEST] or "no message"
