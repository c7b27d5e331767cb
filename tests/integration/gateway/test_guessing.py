"""Someone tries keys until one fits."""

from __future__ import annotations

from typing import Any

from tianji.domain.keys import hash_of

KEY = "sk-alice-0123456789"
TRIES = 5
"""As the gateway of these tests allows."""


async def test_who_guesses_keys_waits_and_asks_no_server_meanwhile(gateway: Any) -> None:
    for number in range(TRIES):
        async with gateway.chat(key=f"sk-guess-{number}") as answer:
            assert answer.status == 401
    for number in range(20):
        async with gateway.chat(key=f"sk-more-{number}") as answer:
            assert answer.status == 429
            assert int(answer.headers["retry-after"]) > 0
            assert (await answer.json())["error"]["type"] == "rate_limit_error"

    assert gateway.people.looked_up == TRIES


async def test_a_key_in_use_goes_on_beside_a_guesser_of_the_same_address(gateway: Any) -> None:
    gateway.people.held.add(hash_of(KEY))
    for number in range(TRIES + 1):
        async with gateway.chat(key=f"sk-guess-{number}"):
            pass

    async with gateway.chat(key=KEY) as answer:
        assert answer.status == 200


async def test_a_body_is_not_read_as_json_before_the_key_is_known(gateway: Any) -> None:
    async with gateway.post("/v1/chat/completions", b"{ not json", key="sk-guess") as answer:
        assert answer.status == 401


async def test_what_is_no_key_is_refused_without_a_look_up(gateway: Any) -> None:
    for _ in range(TRIES + 3):
        async with gateway.chat(key="nonsense") as answer:
            assert answer.status == 401

    assert gateway.people.looked_up == 0
