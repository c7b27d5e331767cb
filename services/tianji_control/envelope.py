"""Answers and errors as LiteLLM's scripts know them."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from tianji.errors import BadRequest, InvalidFields, NotFound, TianjiError

JSON = "application/json"


class Fault(msgspec.Struct, frozen=True):
    """One field that is wrong: where, in words, and which kind of wrong."""

    loc: list[str | int]
    msg: str
    type: str


class WrongFields(InvalidFields):
    """Fields of the request are missing or have the wrong type."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.msg for fault in faults))
        self.faults = faults


def answer(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(msgspec.json.encode(body), status, headers, media_type=JSON)


def failure(error: TianjiError) -> Response:
    """Answer with an error: `code` is the status as text; wrong fields have a shape of their own."""
    if isinstance(error, WrongFields):
        return answer({"detail": error.faults}, status=422)
    body = {
        "message": error.message,
        "type": error.type,
        "param": error.param,
        "code": error.code or str(error.status),
    }
    return answer({"error": body}, status=error.status, headers=error.headers)


def from_http(fault: HTTPException, scope: Scope, methods: list[str]) -> TianjiError:
    """Turn what the router raises into the family of the house; `methods` are those that the path takes."""
    path = scope["path"]
    if fault.status_code == 404:
        return NotFound(f"There is no path {path} here")
    if methods:
        taken = ", ".join(methods)
        message = f"{path} takes {taken}, not {scope['method']}"
        return BadRequest(message, status=fault.status_code, headers={"allow": taken})
    return BadRequest(f"{path}: {fault.detail}", status=fault.status_code, headers=dict(fault.headers or {}))
