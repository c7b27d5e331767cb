"""Access lines: one JSON object or one readable line each, written in batches."""

from __future__ import annotations

import asyncio
import json

import pytest

from tianji_gateway.access_log import AccessLog, Line


def _line(status: int = 200) -> Line:
    return Line(
        level="INFO",
        logger="tianji_gateway.access",
        message="request",
        request_id="call-1",
        route="/v1/chat/completions",
        status=status,
        ms=1.5,
        key="alice",
    )


async def test_a_line_is_json_without_empty_fields(capfd: pytest.CaptureFixture[str]) -> None:
    log = AccessLog("json")
    log.write(_line())
    log.flush()
    line = json.loads(capfd.readouterr().err)

    assert (line["level"], line["request_id"], line["status"], line["key"]) == (
        "INFO",
        "call-1",
        200,
        "alice",
    )
    assert line["time"].endswith("+00:00")
    assert "team" not in line


async def test_a_line_for_people_names_its_fields(capfd: pytest.CaptureFixture[str]) -> None:
    log = AccessLog("text")
    log.write(_line())
    log.flush()

    assert "[call-1] request route=/v1/chat/completions status=200 ms=1.5 key=alice" in capfd.readouterr().err


async def test_lines_are_written_by_themselves_and_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    log = AccessLog("json")
    for status in (200, 401, 503):
        log.write(_line(status))
    written = ""
    async with asyncio.timeout(30):
        while written.count("\n") < 3:
            await asyncio.sleep(0.02)
            written += capfd.readouterr().err

    assert [json.loads(line)["status"] for line in written.splitlines()] == [200, 401, 503]
