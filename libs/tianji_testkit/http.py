"""A call over HTTP for tests that are not async."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import msgspec


def call(method: str, url: str, body: Any = None, *, key: str, timeout: float = 30) -> tuple[int, Any]:
    """Return status and JSON (or text) of one call. Raises OSError when nothing answers."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    data = None if body is None else msgspec.json.encode(body)
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            status, raw = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            status, raw = refused.code, refused.read()
    try:
        return status, msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return status, raw.decode(errors="replace")
