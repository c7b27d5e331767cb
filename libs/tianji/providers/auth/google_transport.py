"""HTTP for Google's token library, with what Python brings along."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

_TIMEOUT_S = 10.0


class Answer:
    """An answer, in the words of the library."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self.status = status
        self.headers = headers
        self.data = data


class Transport:
    """Sends one request; called in a thread."""

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> Answer:
        """Return the answer, whatever its status. Raises Google's TransportError without one."""
        from google.auth.exceptions import TransportError

        if not url.startswith(("http://", "https://")):
            raise TransportError("the address for tokens is no http(s) address")
        request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout or _TIMEOUT_S) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())
        except (OSError, HTTPException) as error:
            raise TransportError(f"no answer ({type(error).__name__})") from None
