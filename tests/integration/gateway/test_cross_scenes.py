"""Every client format in front of every provider, in scenes that are told apart from the plain conversation.

`make cross` prints the outcome as a table.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tianji_testkit.clients import CLIENTS, Called, Client, Picture, Wishes
from tianji_testkit.crossing import Crossing
from tianji_testkit.scripted import SERVED
from tianji_testkit.scripted.script import FAIL, WARMER, WARMER_TEXT, WEATHER

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # What google-genai does of its own accord.
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"]),
    pytest.mark.parametrize("dialect", SERVED),
    pytest.mark.parametrize("front", CLIENTS),
]


@pytest.fixture(autouse=True)
def cell(front: str, dialect: str, stream: bool, record_property: Any) -> None:
    """Say which cell of the table a test belongs to."""
    record_property("cell", f"{front}|{dialect}|{'stream' if stream else 'whole'}")


async def test_a_picture_arrives(front: str, dialect: str, stream: bool, crossing: Crossing) -> None:
    if not SERVED[dialect].sees:
        pytest.skip("the model sees nothing")
    async with crossing.talk(front, dialect, Wishes(stream=stream, tools=False)) as client:
        heard = await client.ask("What is this?", Picture())
    assert heard.text == "I see image/png."


async def test_an_answer_has_the_shape_that_was_asked_for(
    front: str, dialect: str, stream: bool, crossing: Crossing
) -> None:
    async with crossing.talk(front, dialect, Wishes(stream=stream, tools=False, shaped=True)) as client:
        heard = await client.ask("Where is it how warm?")
    assert json.loads(heard.text) == {"city": "Paris", "celsius": 18}
    assert (heard.finish, heard.calls) == ("stop", [])


async def test_a_tool_is_forced(front: str, dialect: str, stream: bool, crossing: Crossing) -> None:
    if not SERVED[dialect].forces:
        pytest.skip("the provider has no way to force a tool")
    async with crossing.talk(front, dialect, Wishes(stream=stream, forced=True)) as client:
        heard = await client.ask("Look it up.")
    assert [(call.name, call.arguments) for call in heard.calls] == [("get_weather", {"city": "Paris"})]
    assert heard.finish == "calls"


@pytest.mark.parametrize("failure", ["auth", "rate_limit", "context", "policy", "overloaded"])
async def test_an_error_arrives_as_the_exception_of_its_kind(
    front: str, dialect: str, stream: bool, failure: str, crossing: Crossing
) -> None:
    vendor = crossing.providers.dialects[dialect][0]
    said = vendor.failure(failure)
    if failure != "overloaded" and said.status >= 500:
        pytest.skip("the provider has no such error")
    async with crossing.talk(front, dialect, Wishes(stream=stream, tools=False)) as client:
        expected = client.errors["forbidden" if said.status == 403 else failure]
        with pytest.raises(expected) as told:
            await client.ask(FAIL + failure)
        assert said.what in client.message_of(told.value)
        if "retry-after" in said.headers and front != "generate_content":
            fault: Any = told.value
            assert fault.response.headers["retry-after"] == said.headers["retry-after"]


async def test_an_answer_that_breaks_off_is_an_error(
    front: str, dialect: str, stream: bool, crossing: Crossing
) -> None:
    async with crossing.talk(front, dialect, Wishes(stream=stream, tools=False)) as client:
        with pytest.raises(client.errors["break"]) as told:
            await client.ask(FAIL + "break")
    assert not isinstance(told.value, AssertionError)


async def test_an_error_as_the_first_event_is_an_error(
    front: str, dialect: str, stream: bool, crossing: Crossing
) -> None:
    if not stream:
        pytest.skip("a whole answer has no events")
    async with crossing.talk(front, dialect, Wishes(stream=True, tools=False)) as client:
        with pytest.raises(client.errors["break"]) as told:
            await client.ask(FAIL + "first_overloaded")
    assert not isinstance(told.value, AssertionError)


async def test_odd_turns_are_taken(front: str, dialect: str, stream: bool, crossing: Crossing) -> None:
    if front in SERVED[dialect].speaks:
        pytest.skip("what is in the provider's own words passes as the client wrote it")

    async def after(client: Client) -> None:
        heard = await client.send()
        assert "go on" in heard.text
        assert heard.finish == "stop"

    async with crossing.talk(front, dialect, Wishes(stream=stream, tools=False)) as client:
        client.say("one")
        client.say("two, go on")
        await after(client)
        client.instruct("Answer in French.")
        client.say("go on")
        await after(client)
    async with crossing.talk(front, dialect, Wishes(stream=stream, tools=False)) as client:
        client.say("one")
        client.reply("")
        client.say("go on")
        await after(client)


async def test_results_may_be_empty_or_pictures(
    front: str, dialect: str, stream: bool, crossing: Crossing
) -> None:
    served = SERVED[dialect]
    if not served.sees or (front == "chat" and "chat" in served.speaks):
        pytest.skip("the model sees nothing, or its own format has no pictures in results")
    async with crossing.talk(front, dialect, Wishes(stream=stream)) as client:
        heard = await client.ask(WEATHER)
        client.answer(list(zip(heard.calls, ["", Picture()], strict=True)))
        again = await client.send()
    assert again.finish == "stop"
    assert again.text


async def test_results_may_all_be_empty(front: str, dialect: str, stream: bool, crossing: Crossing) -> None:
    async with crossing.talk(front, dialect, Wishes(stream=stream)) as client:
        heard = await client.ask(WEATHER)
        client.answer([(call, "") for call in heard.calls])
        again = await client.send()
    assert re.fullmatch(r"I looked – London: (\(.+\))?; Paris: (\(.+\))?\.", again.text)


def recall(client: Client, id: str, arguments: str, result: str) -> None:
    """Add a call and its result to a conversation that knows neither."""
    client.recall(id, arguments)
    client.answer([(Called(id, "get_weather", {}), result)])


async def test_what_was_lost_of_a_conversation_is_made_good(
    front: str, dialect: str, stream: bool, crossing: Crossing
) -> None:
    if front in SERVED[dialect].speaks:
        pytest.skip("what is in the provider's own words passes as the client wrote it")
    wishes = Wishes(stream=stream)
    lost = Called("call_3", "get_weather", {})
    async with crossing.talk(front, dialect, wishes) as client:
        client.reply("Good morning.")
        client.say("Look it up.")
        client.recall("call_1", '{"city": "Paris"}')
        client.say("Never mind.")
        client.recall("call_2", '{"city": "London"}')
        client.reply("It is cold.")
        client.answer([(lost, "nobody asked")])
        client.say("So, go on")
        heard = await client.send()
    assert "go on" in heard.text
    assert heard.finish == "stop"
    async with crossing.talk(front, dialect, wishes) as client:
        client.answer([(lost, "nobody asked")])
        heard = await client.send()
        assert heard.text
    async with crossing.talk(front, dialect, wishes) as client:
        client.say("Look it up.")
        client.recall("call_1", '{"city": "Paris"}')
        heard = await client.send()
        assert heard.text


async def test_calls_from_elsewhere_are_taken(
    front: str, dialect: str, stream: bool, crossing: Crossing
) -> None:
    if front in SERVED[dialect].speaks:
        pytest.skip("what is in the provider's own words passes as the client wrote it")
    async with crossing.talk(front, dialect, Wishes(stream=stream)) as client:
        client.say("Look it up.")
        recall(client, "call:ünusual/" + "x" * 90, "", "none")
        recall(client, "call 2", "[1]", "one")
        recall(client, "functions.get_weather:0", '{"city": "Paris"}', "18 °C")
        heard = await client.send()
    assert "18 °C" in heard.text
    assert heard.finish == "stop"


@pytest.mark.parametrize("before", ["anthropic", "gemini", "openai", "cohere"])
@pytest.mark.parametrize("late", [False, True], ids=["within", "after"])
async def test_a_conversation_moves_to_another_provider(
    front: str, dialect: str, stream: bool, before: str, late: bool, crossing: Crossing
) -> None:
    """A router does so when a provider is down: between calls and their results, or after the answer."""
    if front in SERVED[dialect].speaks:
        pytest.skip("what is in the provider's own words passes as the client wrote it")
    wishes = Wishes(stream=stream, thinks=SERVED[dialect].thinks)
    async with crossing.talk(front, before, wishes) as client:
        heard = await client.ask(WEATHER)
        client.answer([(call, "18 °C") for call in heard.calls])
        if late:
            await client.send()
            client.say(WARMER)
        client.model = dialect
        last = await client.send()
    assert last.text == (WARMER_TEXT if late else "I looked – London: 18 °C; Paris: 18 °C.")
