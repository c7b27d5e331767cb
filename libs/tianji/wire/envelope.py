"""Error bodies in the shapes that each family of clients expects."""

from __future__ import annotations

import msgspec

from tianji.errors import TianjiError
from tianji.wire.neutral import Failed


def openai_error(error: TianjiError) -> dict[str, object]:
    """Return OpenAI's error object; `code` is a string, the status where there is no better one."""
    return {
        "message": error.message,
        "type": error.type,
        "param": error.param,
        "code": str(error.code or error.status),
    }


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
    return {"type": kind, "message": error.message}


def anthropic_envelope(error: TianjiError) -> bytes:
    """Write Anthropic's error body."""
    return msgspec.json.encode({"type": "error", "error": anthropic_error(error)})


def from_failed(failed: Failed) -> TianjiError:
    """Return the error that broke a stream off, so that it is written like any other."""
    return TianjiError(failed.message, type=failed.type, code=failed.code, status=failed.status)
