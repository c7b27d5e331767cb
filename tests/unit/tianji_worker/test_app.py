"""What the worker's small app refuses."""

from __future__ import annotations

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tianji_worker.app import refused


async def test_a_path_that_is_not_there_is_refused_in_json() -> None:
    request = Request(
        {"type": "http", "method": "GET", "path": "/nothing", "headers": [], "query_string": b""}
    )

    answer = await refused(request, HTTPException(404))

    assert answer.status_code == 404
    error = msgspec.json.decode(answer.body)["error"]
    assert (error["type"], error["code"]) == ("not_found_error", "404") and "/nothing" in error["message"]
