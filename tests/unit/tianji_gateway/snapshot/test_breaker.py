import logging

import pytest

from tianji.obs.trouble import LASTS_S
from tianji_gateway.snapshot.breaker import FRESH_S, Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_is_open_from_a_failure_to_an_answer() -> None:
    breaker = Breaker(lambda: True)
    assert not breaker.open

    breaker.failed()
    assert breaker.open

    breaker.answered()
    assert not breaker.open


def test_an_answer_stands_for_a_moment() -> None:
    clock = Clock()
    breaker = Breaker(lambda: True, clock)
    assert not breaker.fresh

    breaker.answered()
    assert breaker.fresh
    clock.now += FRESH_S
    assert not breaker.fresh

    breaker.answered()
    breaker.failed()
    assert not breaker.fresh


@pytest.mark.parametrize(("connected", "lines"), [(True, 2), (False, 0)])
def test_a_long_silence_is_told_once_and_so_is_its_end(
    connected: bool, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    breaker = Breaker(lambda: connected, clock)

    with caplog.at_level(logging.INFO):
        breaker.failed()
        assert not caplog.messages
        for _ in range(3):
            clock.now += LASTS_S
            breaker.failed()
        breaker.answered()

    assert len(caplog.messages) == lines
