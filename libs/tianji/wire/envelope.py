"""Error bodies in the shapes that each family of clients expects."""

from __future__ import annotations

import msgspec

from tianji.errors import TianjiError
from tianji.wire.neutral import Failed


def openai_error(error: TianjiError) -> dict[str, object]:
    """Return OpenAI's error object; `code` is a string, the status where there is no better one."""
    told: dict[str, object] = {
        "message": error.message,
        "type": error.type,
        "param": error.param,
        "code": str(error.code or error.status),
    }
    return told if error.facts is None else {**told, "facts": error.facts}


def openai_envelope(error: TianjiError) -> bytes:
    """Write OpenAI's error body."""
    return msgspec.json.encode({"error": openai_error(error)})


_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def anthropic_error(error: TianjiError) -> dict[str, object]:
    """Return Anthropic's error object; its SDKs choose the exception by the status, users read `type`."""
    kind = _ANTHROPIC_TYPES.get(error.status, "api_error" if error.status >= 500 else "invalid_request_error")
    told: dict[str, object] = {"type": kind, "message": error.message}
    return told if error.facts is None else {**told, "code": error.type, "facts": error.facts}


def anthropic_envelope(error: TianjiError) -> bytes:
    """Write Anthropic's error body."""
    return msgspec.json.encode({"type": "error", "error": anthropic_error(error)})


_GOOGLE_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}
_RPC = "type.googleapis.com/google.rpc."


def google_envelope(error: TianjiError) -> bytes:
    """Write Google's error body; `details` hold what the other shapes say in fields of their own."""
    usual = "INTERNAL" if error.status >= 500 else "INVALID_ARGUMENT"
    said = {"type": error.type, "param": error.param, "code": error.code, **(error.facts or {})}
    metadata = {name: str(value) for name, value in said.items() if value is not None}
    reason = (error.code or error.type).upper()
    details: list[dict[str, object]] = [
        {"@type": f"{_RPC}ErrorInfo", "reason": reason, "domain": "tianjillm", "metadata": metadata}
    ]
    wait_s = error.headers.get("retry-after", "")
    if wait_s.isdecimal():
        details.append({"@type": f"{_RPC}RetryInfo", "retryDelay": f"{wait_s}s"})
    told = {
        "code": error.status,
        "message": error.message,
        "status": _GOOGLE_STATUSES.get(error.status, usual),
        "details": details,
    }
    return msgspec.json.encode({"error": told})


def from_failed(failed: Failed) -> TianjiError:
    """Return the error that broke a stream off, so that it is written like any other."""
    return TianjiError(failed.message, type=failed.type, code=failed.code, status=failed.status)
