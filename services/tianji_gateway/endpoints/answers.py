"""Short JSON answers of endpoints that do not walk the line."""

from __future__ import annotations

from typing import Any

import msgspec

from tianji.errors import TianjiError
from tianji.wire.front import Front
from tianji_gateway.caller import Caller

_JSON = (b"content-type", b"application/json")


async def send_json(caller: Caller, value: Any, status: int = 200) -> None:
    """Answer with a JSON value."""
    await caller.answer(status, [_JSON], msgspec.json.encode(value))


async def send_error(caller: Caller, error: TianjiError, front: Front, call_id: str = "") -> None:
    """Answer with an error in the caller's format."""
    headers = [_JSON, *((n.encode(), v.encode()) for n, v in error.headers.items())]
    if call_id:
        headers.append((b"x-litellm-call-id", call_id.encode()))
    await caller.answer(error.status, headers, front.error(error))
