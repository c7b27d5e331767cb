"""What is told of a fault that goes on."""

from __future__ import annotations

import logging

import pytest

from tianji.obs.trouble import LASTS_S, Trouble


class Told:
    """A trouble whose time a test sets, and whether a server is known to be away."""

    def __init__(self) -> None:
        self.now = 100.0
        self.away = False
        log = logging.getLogger("tianji.test")
        self.trouble = Trouble(log, "begun", "over", explained=lambda: self.away, clock=lambda: self.now)

    def fail_for(self, seconds: float) -> None:
        for _ in range(int(seconds) + 1):
            self.trouble.failed(OSError("no\nroute"))
            self.now += 1.0


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    caplog.set_level(logging.INFO)
    return Told()


def test_what_passes_soon_is_not_told(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    told.fail_for(LASTS_S - 2)
    told.trouble.over()
    told.fail_for(LASTS_S - 2)

    assert not caplog.messages


def test_what_lasts_is_told_once_and_so_is_its_end(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    told.fail_for(LASTS_S * 3)
    told.trouble.over()
    told.trouble.over()

    assert caplog.messages == ["begun", "over"]
    assert caplog.records[0].__dict__["fault"] == "no route"


def test_what_follows_from_a_server_that_is_away_is_told_only_when_it_lasts_beyond_that(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    told.fail_for(2)
    told.away = True
    told.fail_for(LASTS_S * 3)
    told.away = False
    told.fail_for(LASTS_S - 2)
    assert not caplog.messages

    told.fail_for(3)
    assert caplog.messages == ["begun"]
