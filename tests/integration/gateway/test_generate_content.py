"""Google's generateContent: its paths, its keys, its errors, its SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tianji_testkit.scripted import SERVED, ScriptedProviders, dialects
from tianji_testkit.scripted.script import WARMER, WARMER_TEXT, WEATHER
from tianji_testkit.upstream import Reply

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

KEY = "sk-alice-0123456789"
BODY = {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}
HELLO = "Hello from the fake provider."


@pytest.fixture
async def google(gateway: Any) -> AsyncIterator[genai.Client]:
    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=gateway.url))
    yield client
    await client.aio.aclose()
    client.close()


def text_of(answer: Any) -> str:
    return "".join(part["text"] for part in answer["candidates"][0]["content"]["parts"])


@pytest.mark.parametrize(
    "root",
    [
        "/v1beta/models/",
        "/v1/models/",
        "/v1alpha/models/",
        "/models/",
        "/v1/projects/p/locations/us-central1/publishers/google/models/",
        "/v1beta1/publishers/google/models/",
    ],
)
async def test_all_of_googles_paths_serve(gateway: Any, root: str) -> None:
    async with gateway.post(f"{root}gpt-4o-mini:generateContent", BODY) as answer:
        assert answer.status == 200
        assert text_of(await answer.json()) == HELLO
    async with gateway.post(f"{root}gpt-4o-mini:countTokens", BODY) as answer:
        assert (await answer.json())["totalTokens"] > 0


@pytest.mark.parametrize("name", ["team/gpt-4o", "llama3:8b", "org/llama:8b", "with space"])
@pytest.mark.parametrize("escaped", [False, True])
async def test_a_models_name_may_hold_anything(gateway: Any, name: str, escaped: bool) -> None:
    gateway.serve(name, {"model": "gpt-4o-mini"})
    written = "".join(f"%{ord(sign):02X}" if sign in "/: " else sign for sign in name) if escaped else name
    async with gateway.post(f"/v1beta/models/{written}:generateContent", BODY) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["x-litellm-model-group"] == name


async def test_a_publisher_is_part_of_a_models_name(gateway: Any) -> None:
    gateway.serve("team/gpt-4o", {"model": "gpt-4o-mini"})
    path = "/v1beta1/projects/p/locations/l/publishers/team/models/gpt-4o:generateContent"
    async with gateway.post(path, BODY) as answer:
        assert answer.headers["x-litellm-model-group"] == "team/gpt-4o"


@pytest.mark.parametrize("how", ["x-goog-api-key", "authorization", "query"])
async def test_the_key_is_known_however_googles_clients_send_it(gateway: Any, how: str) -> None:
    path = "/v1beta/models/gpt-4o-mini:generateContent"
    headers = {"x-goog-api-key": {"x-goog-api-key": KEY}, "authorization": {"authorization": f"Bearer {KEY}"}}
    query = f"?key={KEY}" if how == "query" else ""
    async with gateway.post(path + query, BODY, None, **headers.get(how, {})) as answer:
        assert answer.status == 200

    event = await gateway.books.only()
    assert (event.key_alias, event.call_type, event.route) == ("alice", "agenerate_content", path)
    assert (event.usage.input_tokens, event.usage.output_tokens) == (7, 5)


async def test_a_stream_is_one_array_unless_events_are_asked_for(gateway: Any) -> None:
    path = "/v1beta/models/gpt-4o-mini:streamGenerateContent"
    async with gateway.post(path, BODY) as answer:
        assert answer.headers["content-type"] == "application/json"
        pieces = json.loads(await answer.read())
    async with gateway.post(path + "?alt=sse", BODY) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        events = (await answer.read()).decode().split("\r\n\r\n")[:-1]

    assert "".join(map(text_of, pieces)) == HELLO
    assert [text_of(json.loads(event.removeprefix("data: "))) for event in events] == list(
        map(text_of, pieces)
    )
    assert pieces[-1]["candidates"][0]["finishReason"] == "STOP"
    assert pieces[-1]["usageMetadata"]["totalTokenCount"] == 12


@pytest.mark.parametrize(
    ("path", "key", "status", "word"),
    [
        ("gpt-4o-mini:generateContent", "sk-nobody-0123456789", 401, "UNAUTHENTICATED"),
        ("none:generateContent", KEY, 400, "INVALID_ARGUMENT"),
        ("none:countTokens", KEY, 400, "INVALID_ARGUMENT"),
        ("none", KEY, 404, "NOT_FOUND"),
        ("gpt-4o-mini:predict", KEY, 405, "INVALID_ARGUMENT"),
    ],
)
async def test_errors_have_googles_shape(gateway: Any, path: str, key: str, status: int, word: str) -> None:
    asking = gateway.session.get if path == "none" else gateway.session.post
    async with asking(
        f"{gateway.url}/v1beta/models/{path}", json=BODY, headers={"x-goog-api-key": key}
    ) as answer:
        error = (await answer.json())["error"]

    assert (answer.status, error["code"], error["status"]) == (status, status, word)


async def test_googles_sdk_generates_streams_and_counts(google: genai.Client) -> None:
    models = google.aio.models
    answer = await models.generate_content(model="gpt-4o-mini", contents="Say hello.")
    stream = await models.generate_content_stream(model="gpt-4o-mini", contents="Say hello.")
    pieces = [piece async for piece in stream]
    counted = await models.count_tokens(model="gpt-4o-mini", contents="Say hello.")

    assert answer.text == "".join(piece.text or "" for piece in pieces) == HELLO
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.prompt_token_count == 7
    assert counted.total_tokens


async def test_googles_sdk_lists_models_page_by_page(gateway: Any, google: genai.Client) -> None:
    gateway.serve("a/b")
    pager = await google.aio.models.list(config={"page_size": 1})
    found = [model.name async for model in pager]
    one = await google.aio.models.get(model="a/b")

    assert sorted(map(str, found)) == ["models/a/b", "models/gpt-4o-mini"]
    assert one.name == "models/a/b"


async def test_googles_sdk_reads_the_errors(gateway: Any, google: genai.Client) -> None:
    gateway.upstream.will(Reply(status=400), Reply(break_after=3))
    with pytest.raises(errors.ClientError) as told:
        await google.aio.models.generate_content(model="gpt-4o-mini", contents="x")
    stream = await google.aio.models.generate_content_stream(model="gpt-4o-mini", contents="x")
    with pytest.raises(errors.ServerError) as broken:
        async for _ in stream:
            pass

    assert told.value.status == "INVALID_ARGUMENT"
    assert "cannot be reached" in str(broken.value.message)


async def test_a_forced_tool_and_a_schema_reach_the_provider_in_its_words(
    gateway: Any, google: genai.Client
) -> None:
    function = types.FunctionDeclaration(name="now", parameters=types.Schema(type=types.Type.OBJECT))
    config = types.GenerateContentConfig(
        max_output_tokens=9,
        stop_sequences=["END"],
        response_mime_type="application/json",
        response_schema=types.Schema(type=types.Type.STRING),
        safety_settings=[],
        tools=[types.Tool(function_declarations=[function])],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(
                mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["now"]
            )
        ),
    )
    await google.aio.models.generate_content(model="gpt-4o-mini", contents="x", config=config)

    sent = gateway.upstream.requests[0].json
    assert sent["tools"][0]["function"]["parameters"]["type"] == "object"
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "now"}}
    assert sent["response_format"]["json_schema"]["schema"] == {"type": "string"}
    assert sent["stop"] == ["END"]
    assert not {"safetySettings", "generationConfig", "contents"} & sent.keys()


async def test_a_gemini_deployment_gets_and_gives_the_very_bytes(gateway: Any) -> None:
    gateway.serve(
        "gem", {"provider": "gemini", "model": "gemini-3-pro", "params": {"api_base": gateway.upstream.root}}
    )
    piece = {
        "candidates": [
            {"content": {"parts": [{"text": "Hi", "own": 1}], "role": "model"}, "finishReason": "STOP"}
        ],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4},
        "responseId": "r",
    }
    raw = json.dumps(piece).encode()
    gateway.upstream.will(Reply(body=raw), Reply(chunks=[b"data: " + raw + b"\r\n\r\n"]))
    asked = {**BODY, "generationConfig": {"newField": 1}}
    async with gateway.post("/v1beta/models/gem:generateContent", asked) as answer:
        assert await answer.read() == raw
    async with gateway.post("/v1beta/models/gem:streamGenerateContent", asked) as answer:
        assert json.loads(await answer.read()) == [piece]

    first, second = gateway.upstream.requests
    assert first.json == second.json == asked
    assert second.query == "alt=sse"
    assert [event.usage.output_tokens for event in gateway.books.ends] == [4, 4]


@pytest.mark.parametrize("dialect", ["anthropic", "openai", "cohere"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_chat_of_googles_sdk_that_calls_functions_itself_goes_on(
    gateway: Any, google: genai.Client, dialect: str, stream: bool
) -> None:
    def get_weather(city: str) -> str:
        """Tell the weather of a city."""
        return {"Paris": "18 C", "London": "12 C"}[city]

    async with ScriptedProviders(dialects()) as providers:
        served = SERVED[dialect]
        params = dict(served.params(providers.url(dialect)))
        gateway.serve(dialect, {"provider": served.provider, "model": served.model, "params": params})
        thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=512)
        config = types.GenerateContentConfig(tools=[get_weather], thinking_config=thinking)
        chat = google.aio.chats.create(model=dialect, config=config)
        said = []
        for asked in (WEATHER, WARMER):
            if stream:
                pieces = await chat.send_message_stream(asked)
                said.append("".join([piece.text or "" async for piece in pieces]))
            else:
                said.append((await chat.send_message(asked)).text or "")

    assert said == ["I looked – London: 12 C; Paris: 18 C.", WARMER_TEXT]
    assert providers.refusals() == []
