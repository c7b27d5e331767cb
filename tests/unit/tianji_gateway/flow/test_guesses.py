import pytest

from tianji.errors import RateLimited
from tianji_gateway.flow import guesses
from tianji_gateway.flow.guesses import Guesses


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def tries(limiter: Guesses, address: str = "10.0.0.1", most: int = 100) -> int:
    """Return how many look-ups an address gets in a row."""
    for made in range(most):
        try:
            limiter.take(address)
        except RateLimited:
            return made
    return most


def test_an_address_gets_its_tries_and_then_waits() -> None:
    limiter = Guesses(6, Clock())

    assert tries(limiter) == 6
    with pytest.raises(RateLimited) as refused:
        limiter.take("10.0.0.1")
    assert refused.value.headers == {"retry-after": "10"}


def test_tries_come_back_evenly_and_never_more_than_a_minute_of_them() -> None:
    clock = Clock()
    limiter = Guesses(6, clock)
    tries(limiter)

    clock.now += 20
    assert tries(limiter) == 2
    clock.now += 3600
    assert tries(limiter) == 6


def test_a_look_up_that_was_no_guess_costs_nothing() -> None:
    limiter = Guesses(3, Clock())

    for _ in range(50):
        limiter.take("10.0.0.1")
        limiter.give_back("10.0.0.1")

    assert tries(limiter) == 3
    assert len(limiter) == 1


def test_addresses_do_not_share_tries_but_the_addresses_of_one_ipv6_network_do() -> None:
    limiter = Guesses(3, Clock())
    assert tries(limiter) == 3

    assert tries(limiter, "10.0.0.2") == 3
    assert tries(limiter, "2001:db8:1:2::1") == 3
    assert tries(limiter, "2001:db8:1:2:ffff::9") == 0
    assert tries(limiter, "2001:db8:1:3::1") == 3
    assert tries(limiter, "fe80::1%eth0") == 3
    assert tries(limiter, "not:an:address") == 3


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "ADDRESSES", 10)
    limiter = Guesses(1, Clock())

    for number in range(100):
        limiter.take(f"10.0.0.{number}")

    assert len(limiter) == 10


def test_zero_limits_nothing() -> None:
    assert tries(Guesses(0, Clock())) == 100
