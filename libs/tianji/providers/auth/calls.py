"""Small requests that come before the real one: for a token, or for the address of a model.

They go over what Python brings along, in a thread, since there is one an hour of them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import msgspec

from tianji.errors import UpstreamError

_TIMEOUT_S = 15.0
_LONGEST = 300


async def ask(
    provider: str,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> dict[str, Any]:
    """Send a GET, or a POST where there is a form, and return the JSON object of the answer.

    Raises UpstreamError, which names what the other side said and never what was sent to it.
    """
    return await asyncio.to_thread(partial(_asked, provider, url, form, headers or {}, context))


def _asked(
    provider: str,
    url: str,
    form: Mapping[str, str] | None,
    headers: Mapping[str, str],
    context: ssl.SSLContext | None,
) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise _failed(provider, "the address for credentials is no http(s) address", 500)
    body = None if form is None else urlencode(form).encode()
    try:
        request = Request(url, data=body, headers={"accept": "application/json", **headers})
        with urlopen(request, timeout=_TIMEOUT_S, context=context) as answer:
            status, raw = answer.status, answer.read()
    except HTTPError as error:
        with error:
            status, raw = error.code, error.read()
    except (OSError, HTTPException, ValueError) as error:
        raise _failed(provider, f"no answer about credentials ({type(error).__name__})", 502) from None
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        found = None
    if status >= 400:
        refused = status in (400, 401, 403)
        raise _failed(
            provider, f"no credentials were given ({status}: {_reason(found)})", 401 if refused else 502
        )
    if not isinstance(found, dict):
        raise _failed(provider, "an answer about credentials that cannot be read", 502)
    return found


def _reason(found: Any) -> str:
    """Return what an error answer says; each vendor has a name of its own for it."""
    if isinstance(found, dict):
        for name in ("error_description", "errorMessage", "message", "error"):
            value = found.get(name)
            if isinstance(value, str) and value:
                return value[:_LONGEST]
    return "no reason"


def _failed(provider: str, what: str, status: int) -> UpstreamError:
    return UpstreamError(
        f"{provider}: {what}",
        provider=provider,
        status=status,
        type="authentication_error" if status == 401 else "api_error",
        retryable=True,
    )
