"""Oracle Cloud's Generative AI: signed requests, and the words of its two chats."""

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tianji.errors import BadRequest, UpstreamError
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Failed, Finished, Grew, ToolCall

WHO = {
    "oci_compartment_id": "comp",
    "oci_user": "user",
    "oci_tenancy": "ten",
    "oci_fingerprint": "aa:bb",
    "oci_key": "k",
}
LLAMA, COHERE = "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025"
TOOL = {
    "type": "function",
    "function": {"name": "now", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}},
}
CALL = {"id": "c1", "type": "function", "function": {"name": "now", "arguments": '{"at":"x"}'}}
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "noon"},
]


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def sent(bound, fields) -> Any:
    def send(model: str = LLAMA, params: Any = None, **body: Any) -> Any:
        upstream = bound("oci", model, **WHO, **(params or {}))
        return json.loads(upstream.request(ChatFront().read(fields(**body))).body)

    return send


async def test_a_request_is_signed_as_oracle_checks_it(bound, fields, key, pem):
    upstream = bound("oci", LLAMA, **WHO | {"oci_key": pem.replace("\n", "\\n")}, oci_region="eu-zurich-1")
    request = upstream.request(ChatFront().read(fields()))
    headers = request.headers | await request.authorize(request)

    host = "inference.generativeai.eu-zurich-1.oci.oraclecloud.com"
    assert request.url == f"https://{host}/20231130/actions/chat"
    digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
    signed = (
        f"date: {headers['date']}\n"
        "(request-target): post /20231130/actions/chat\n"
        f"host: {host}\n"
        f"content-length: {len(request.body)}\n"
        "content-type: application/json\n"
        f"x-content-sha256: {digest}"
    )
    said = dict(re.findall(r'(\w+)="([^"]*)"', headers["authorization"]))
    assert said["keyId"] == "ten/user/aa:bb"
    assert said["headers"] == "date (request-target) host content-length content-type x-content-sha256"
    key.public_key().verify(
        base64.b64decode(said["signature"]), signed.encode(), padding.PKCS1v15(), SHA256()
    )
    assert headers["x-content-sha256"] == digest


async def test_a_key_may_be_kept_in_a_file_of_the_gateways_own(bound, fields, pem, tmp_path):
    (tmp_path / "key.pem").write_text(pem)
    named = {name: value for name, value in WHO.items() if name != "oci_key"}
    request = bound("oci", **named, oci_key_file=str(tmp_path / "key.pem")).request(
        ChatFront().read(fields())
    )

    assert "authorization" in await request.authorize(request)
    with pytest.raises(BadRequest, match="oci_key_file"):
        bound("oci", source="api", **named, oci_key_file=str(tmp_path / "key.pem"))


async def test_a_key_that_is_none_is_told_without_its_content(bound, fields):
    request = bound("oci", **WHO | {"oci_key": "hidden"}).request(ChatFront().read(fields()))

    with pytest.raises(UpstreamError, match="cannot be read") as caught:
        await request.authorize(request)
    assert "hidden" not in caught.value.message


@pytest.mark.parametrize("missing", list(WHO))
def test_what_is_missing_is_named(bound, missing):
    with pytest.raises(BadRequest, match=missing):
        bound("oci", **{name: value for name, value in WHO.items() if name != missing})


def test_the_generic_chat_has_openais_turns_in_other_words(sent):
    body = sent(
        messages=TALK,
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "now"}},
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {}, "strict": True}},
        max_tokens=9,
        top_p=0.5,
        reasoning_effort="low",
        user="u",
        stream=True,
    )

    assert body["compartmentId"] == "comp"
    assert body["servingMode"] == {"servingType": "ON_DEMAND", "modelId": LLAMA}
    assert body["chatRequest"] == {
        "apiFormat": "GENERIC",
        "messages": [
            {"role": "SYSTEM", "content": [{"type": "TEXT", "text": "Be brief."}]},
            {"role": "USER", "content": [{"type": "TEXT", "text": "hi"}]},
            {
                "role": "ASSISTANT",
                "toolCalls": [{"type": "FUNCTION", "id": "c1", "name": "now", "arguments": '{"at":"x"}'}],
            },
            {"role": "TOOL", "content": [{"type": "TEXT", "text": "noon"}], "toolCallId": "c1"},
        ],
        "tools": [{"type": "FUNCTION", **TOOL["function"]}],
        "toolChoice": {"type": "FUNCTION", "name": "now"},
        "responseFormat": {
            "type": "JSON_SCHEMA",
            "jsonSchema": {"name": "a", "schema": {}, "isStrict": True},
        },
        "maxTokens": 9,
        "topP": 0.5,
        "reasoningEffort": "LOW",
        "isStream": True,
        "streamOptions": {"isIncludeUsage": True},
    }


def test_models_of_openai_and_dedicated_clusters_are_named_otherwise(sent):
    body = sent("openai.gpt-5", {"oci_serving_mode": "dedicated", "oci_endpoint_id": "ocid"}, max_tokens=9)

    assert body["servingMode"] == {"servingType": "DEDICATED", "endpointId": "ocid"}
    assert body["chatRequest"]["maxCompletionTokens"] == 9


def test_coheres_chat_takes_its_last_message_apart(sent):
    chat = sent(COHERE, messages=TALK, tools=[TOOL], temperature=0.2, response_format=None)["chatRequest"]

    call = {"name": "now", "parameters": {"at": "x"}}
    assert chat["apiFormat"] == "COHERE"
    assert chat["preambleOverride"] == "Be brief."
    assert chat["message"] == ""
    assert chat["chatHistory"] == [
        {"role": "USER", "message": "hi"},
        {"role": "CHATBOT", "message": "", "toolCalls": [call]},
    ]
    assert chat["toolResults"] == [{"call": call, "outputs": [{"output": "noon"}]}]
    assert chat["tools"] == [
        {
            "name": "now",
            "description": "now",
            "parameterDefinitions": {"at": {"type": "str", "description": "", "isRequired": False}},
        }
    ]


def test_coheres_chat_has_no_choice_of_a_tool(sent):
    body = sent(COHERE, tools=[TOOL], tool_choice="required", response_format={"type": "json_object"})

    assert not {"tool_choice", "toolChoice"} & body["chatRequest"].keys()


@pytest.mark.parametrize("model", [LLAMA, COHERE])
def test_a_stream_that_fails_tells_it(bound, fields, model):
    decoder = bound("oci", model, **WHO).stream(ChatFront().read(fields()))
    raw = b'data: {"code": "429", "message": "Slow down."}\n\n'
    events = [event for at in range(len(raw)) for event in decoder.feed(raw[at : at + 1])]

    assert isinstance(events[-1], Failed)
    assert "Slow down." in events[-1].message
    assert not decoder.complete


def test_the_end_of_coheres_stream_does_not_say_everything_twice(bound, fields):
    events = [{"text": "Grü"}, {"text": "ezi"}, {"text": "Grüezi", "finishReason": "COMPLETE"}]
    raw = "".join(
        f"data: {json.dumps({'apiFormat': 'COHERE', **event}, ensure_ascii=False)}\n\n" for event in events
    ).encode()
    decoder = bound("oci", COHERE, **WHO).stream(ChatFront().read(fields()))
    got = [event for at in range(len(raw)) for event in decoder.feed(raw[at : at + 1])]

    assert "".join(event.text for event in got if isinstance(event, Grew)) == "Grüezi"
    assert isinstance(got[-1], Finished)
    assert decoder.complete


def test_calls_without_ids_get_some(bound, fields):
    calls = [{"type": "FUNCTION", "name": "now", "arguments": "{}"}]
    whole = {"chatResponse": {"choices": [{"message": {"toolCalls": calls}, "finishReason": "stop"}]}}
    ask, upstream = ChatFront().read(fields()), bound("oci", LLAMA, **WHO)
    (choice,) = upstream.response(json.dumps(whole).encode(), ask).choices
    streamed = upstream.stream(ask).feed(
        b"data: " + json.dumps({"message": {"toolCalls": calls}}).encode() + b"\n\n"
    )

    assert choice.finish == "tool_calls"
    found = [choice.blocks[0], *(event.block for event in streamed if hasattr(event, "block"))]
    assert all(isinstance(block, ToolCall) and block.id.startswith("call_") for block in found)
