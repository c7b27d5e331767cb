"""Addresses of clients, and lists of those that may call."""

from __future__ import annotations

import pytest

from tianji.domain.addresses import client_of, is_range, within


@pytest.mark.parametrize(
    ("address", "allowed", "expected"),
    [
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("11.1.2.3", ["10.0.0.0/8"], False),
        ("10.1.2.3", ["192.168.0.1", "10.1.2.3"], True),
        ("::ffff:10.1.2.3", ["10.0.0.0/8"], True),
        ("2001:db8::1", ["2001:db8::/32"], True),
        ("2001:db8::1", ["10.0.0.0/8"], False),
        ("10.1.2.3", ["nonsense"], False),
        ("nonsense", ["0.0.0.0/0"], False),
        (None, ["0.0.0.0/0"], False),
        ("10.1.2.3", [], False),
    ],
)
def test_an_address_is_held_against_a_list(address: str | None, allowed: list[str], expected: bool) -> None:
    assert within(address, allowed) is expected


def test_only_addresses_and_networks_belong_in_a_list() -> None:
    assert [is_range(text) for text in ("10.0.0.1", "10.0.0.0/8", "::1", "10.0.0.0/33", "host")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_what_a_client_says_of_itself_counts_less_than_what_the_proxy_saw() -> None:
    assert client_of("10.0.0.1", "6.6.6.6, 7.7.7.7") == "7.7.7.7"
    assert client_of("10.0.0.1", "") == client_of("10.0.0.1", None) == "10.0.0.1"
