"""Every client format in front of every provider: a conversation of three turns, by the vendors' own SDKs.

`make cross` prints the outcome as a table.
"""

from __future__ import annotations

from typing import Any

import pytest

from tianji_testkit.clients import CLIENTS, Called, Heard, Wishes
from tianji_testkit.crossing import Crossing
from tianji_testkit.scripted import SERVED, Served
from tianji_testkit.scripted.script import THOUGHT, WARMER, WARMER_TEXT, WEATHER, Tokens

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # What google-genai does of its own accord.
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]

WEATHERS = {"Paris": "18 °C, sunny", "London": "12 °C"}
FOUND = "I looked – London: 12 °C; Paris: 18 °C, sunny."


def tokens(said: Tokens, served: Served, front: str) -> Tokens:
    """Return what of the tokens a front can tell of a provider that counts so much."""
    reasoning = said.reasoning if served.shows.reasoning and front != "messages" else 0
    return Tokens(said.input, said.output, said.cached if served.shows.cached else 0, reasoning)


def told(heard: Heard, served: Served) -> Tokens | None:
    """Leave out of what was heard what no two providers count alike."""
    usage = heard.usage
    if usage is None or (served.shows.reasoning and served.shows.cached):
        return usage
    cached = usage.cached if served.shows.cached else 0
    return Tokens(usage.input, usage.output, cached, usage.reasoning if served.shows.reasoning else 0)


@pytest.mark.parametrize("rebuilt", [False, True], ids=["verbatim", "rebuilt"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("dialect", SERVED)
@pytest.mark.parametrize("front", CLIENTS)
async def test_a_conversation_with_parallel_calls_of_tools(
    front: str, dialect: str, stream: bool, rebuilt: bool, crossing: Crossing, record_property: Any
) -> None:
    record_property("cell", f"{front}|{dialect}|{'stream' if stream else 'whole'}")
    served = SERVED[dialect]
    wishes = Wishes(stream=stream, rebuilt=rebuilt, thinks=served.thinks and not rebuilt)

    async with crossing.talk(front, dialect, wishes) as client:
        first = await client.ask(WEATHER)
        calls = first.calls
        assert [(call.name, call.arguments) for call in calls] == [
            ("get_weather", {"city": "Paris"}),
            ("get_weather", {"city": "London"}),
        ]
        assert first.finish == "calls"
        if front != "generate_content":
            assert all(call.id for call in calls)
            assert calls[0].id != calls[1].id
        if wishes.thinks and (served.shows.thought or front == "responses" in served.speaks):
            assert first.thought == THOUGHT

        client.answer(_results(calls, front, rebuilt))
        second = await client.send()
        third = await client.ask(WARMER)

    assert (second.text, second.finish, second.calls) == (FOUND, "stop", [])
    assert (third.text, third.finish, third.calls) == (WARMER_TEXT, "stop", [])
    said = (Tokens(120, 30, 40, 12), Tokens(210, 25, 120), Tokens(260, 20, 200))
    assert [told(one, served) for one in (first, second, third)] == [
        tokens(one, served, front) for one in said
    ]


def _results(calls: list[Called], front: str, rebuilt: bool) -> list[tuple[Called, str]]:
    """Return the results; an application that builds its own turns may give them in another order."""
    results = [(call, WEATHERS[call.arguments["city"]]) for call in calls]
    return results[::-1] if rebuilt and front != "generate_content" else results
