import logging
from typing import Any

import pytest

from tianji_gateway.reach import Reach


class Answer:
    def __init__(self, status: int) -> None:
        self.status = status

    def close(self) -> None:
        return


class Line:
    """A client whose server answers with `status`, or fails."""

    def __init__(self) -> None:
        self.status: int | Exception = 200
        self.urls: list[str] = []

    async def open(self, method: str, url: str, *_: Any) -> Answer:
        self.urls.append(url)
        if isinstance(self.status, Exception):
            raise self.status
        return Answer(self.status)


def reach(line: Any, url: str | None = "http://control/") -> Reach:
    return Reach(line, url, lambda: True, None)


async def test_a_control_plane_that_answers_is_named_as_reached() -> None:
    line = Line()
    found = reach(line)
    assert found.now() == {"nats": True}

    await found.look()

    assert found.now() == {"nats": True, "control": True}
    assert line.urls == ["http://control/health/liveness"]


@pytest.mark.parametrize("fault", [TimeoutError(), ConnectionError(), 503])
async def test_each_change_of_the_control_plane_is_told_once(
    fault: int | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line()
    found = reach(line)
    with caplog.at_level(logging.INFO):
        for line.status in (200, 200, fault, fault, fault, 200, 200):
            await found.look()

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_gateway_without_a_control_plane_asks_nobody() -> None:
    line = Line()
    found = reach(line, None)

    await found.look()

    assert found.now() == {"nats": True}
    assert line.urls == []
