"""Every client format in front of every provider: a conversation of three turns, by the vendors' own SDKs.

`make cross` prints the outcome as a table.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from tianji_testkit.clients import CLIENTS, Called, Client, Heard, Wishes
from tianji_testkit.scripted import SERVED, ScriptedProviders, Served, dialects
from tianji_testkit.scripted.script import THOUGHT, WARMER, WARMER_TEXT, WEATHER, Tokens
from tianji_testkit.upstream import FakeUpstream

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # What google-genai does of its own accord.
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]

KEY = "sk-alice-0123456789"
WEATHERS = {"Paris": "18 °C, sunny", "London": "12 °C"}
FOUND = "I looked – London: 12 °C; Paris: 18 °C, sunny."


@dataclass
class System:
    """A gateway with all scripted providers behind it."""

    url: str
    providers: ScriptedProviders
    missing: dict[str, Exception] = field(default_factory=dict)
    """Why a provider could not be bound."""

    @asynccontextmanager
    async def talk(self, front: str, dialect: str, wishes: Wishes) -> AsyncIterator[Client]:
        """Open a conversation; nothing may be refused in it that the test did not ask for."""
        if dialect in self.missing:
            pytest.fail(f"no deployment of {dialect}: {self.missing[dialect]}")
        self.providers.asked.clear()
        client = CLIENTS[front](self.url, KEY, dialect, wishes)
        try:
            yield client
        except Exception as fault:
            refusals = self.providers.refusals()
            if refusals:
                raise AssertionError(f"the provider refused: {refusals}") from fault
            raise
        finally:
            await client.close()
        assert self.providers.refusals() == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(run_gateway: Any) -> AsyncIterator[System]:
    async with ScriptedProviders(dialects()) as providers, run_gateway(FakeUpstream()) as gateway:
        made = System(gateway.url, providers)
        for name, served in SERVED.items():
            deployment = {
                "provider": served.provider,
                "model": served.model,
                "params": served.params(providers.url(name)),
                "timeout_s": 20,
            }
            try:
                gateway.serve(name, deployment)
            except Exception as fault:
                made.missing[name] = fault
        yield made


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
    front: str, dialect: str, stream: bool, rebuilt: bool, system: System, record_property: Any
) -> None:
    record_property("cell", f"{front}|{dialect}|{'stream' if stream else 'whole'}")
    served = SERVED[dialect]
    wishes = Wishes(stream=stream, rebuilt=rebuilt, thinks=served.thinks and not rebuilt)

    async with system.talk(front, dialect, wishes) as client:
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
