"""Errors inside watsonx.ai's streams, told as its other ones are: a list, and a status beside it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from tianji.errors import UpstreamError
from tianji.providers.dialects.openai_chat.errors import failure


class _Error(Struct):
    code: str = ""
    message: str = ""


class _Told(Struct):
    errors: list[_Error] | None = None
    status_code: Any = None


def told_error(provider: str, data: bytes) -> UpstreamError | None:
    """Return the error that an event tells of; None where it tells of none."""
    try:
        told = msgspec.json.decode(data, type=_Told)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not told.errors:
        return None
    status = told.status_code if isinstance(told.status_code, int) and told.status_code >= 400 else None
    error = told.errors[0]
    return failure(
        provider,
        status or 502,
        error.message or "no message",
        code=error.code or None,
        hint=error.code,
        said=status is not None,
    )
